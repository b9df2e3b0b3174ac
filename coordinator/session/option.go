package session

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/catalog"
)

// Defaults are the settings of sessions that set nothing.
type Defaults struct {
	Distribution place.Mode
	Encode       bool // fragments travel as Substrait within the process too
	Frames       bool // pieces take the form they have on a network within the process too
	Workers      int
	BatchRows    int
	Now          func() time.Time // nil: time.Now
}

func (d Defaults) now() time.Time {
	if d.Now != nil {
		return d.Now().UTC()
	}
	return time.Now().UTC()
}

// option is a setting a session may change.
type option struct {
	value func(d Defaults) string // in force when the session has not set it
	check func(value string) bool // nil: any value
	note  string                  // what values there are, for the hint
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, strings.ToLower(v)) }
}

func count(v string) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n >= 0
}

func fixed(v string) func(Defaults) string { return func(Defaults) string { return v } }

// options are all settings, under their canonical names.
func options() map[string]option {
	return map[string]option{
		"catalog":            {fixed("skein"), oneOf("skein"), "The only catalog is \"skein\"."},
		"schema":             {fixed(catalog.DefaultSchema), nil, ""},
		"distribution":       {func(d Defaults) string { return string(orAuto(d.Distribution)) }, oneOf("auto", "always", "local"), "Use auto, always or local."},
		"fragment_form":      {func(d Defaults) string { return form(d.Encode) }, oneOf("value", "substrait"), "Use value or substrait."},
		"workers":            {func(d Defaults) string { return strconv.Itoa(d.Workers) }, count, "Use a number; 0 means all workers."},
		"batch_rows":         {func(d Defaults) string { return strconv.Itoa(d.BatchRows) }, count, "Use a number; 0 means the default."},
		"timezone":           {fixed("UTC"), oneOf("utc", "gmt", "etc/utc"), "The only time zone is UTC."},
		"client_encoding":    {fixed("UTF8"), oneOf("utf8", "utf-8", "unicode"), "The only encoding is UTF8."},
		"application_name":   {fixed(""), nil, ""},
		"datestyle":          {fixed("ISO, MDY"), oneOf("iso", "iso, mdy"), "The only style is ISO."},
		"intervalstyle":      {fixed("postgres"), oneOf("postgres"), "The only style is postgres."},
		"extra_float_digits": {fixed("1"), count, ""},
		"server_version":     {fixed("15"), oneOf(), "It cannot be changed."},
	}
}

func form(encode bool) string {
	if encode {
		return "substrait"
	}
	return "value"
}

func orAuto(m place.Mode) place.Mode {
	if m == "" {
		return place.Auto
	}
	return m
}

func canonical(name string) string {
	name = strings.ToLower(strings.TrimPrefix(strings.ToLower(name), "skein."))
	switch name {
	case "search_path", "current_schema":
		return "schema"
	case "time zone", "time_zone":
		return "timezone"
	}
	return name
}

// SetOption checks and sets an option of a session; the empty value resets it.
func (s *Statements) SetOption(_ context.Context, session *flight.Session, name, value string) error {
	name = canonical(name)
	o, ok := options()[name]
	if !ok {
		return sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", name).
			WithHint("%s", sqlerr.DidYouMean(name, slices.Collect(maps.Keys(options()))))
	}
	if name == "schema" {
		value, _, _ = strings.Cut(value, ",") // a search path: the first schema
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if value != "" && !slices.Contains(s.as(session).Catalog.Schemas(), value) {
			return sqlerr.New(sqlerr.InvalidParameterValue, "schema %q does not exist", value)
		}
	}
	if value != "" && o.check != nil && !o.check(value) {
		return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter %q: %q", name, value).WithHint("%s", o.note)
	}
	session.Set(name, value)
	return nil
}

// Options are all options of a session with the values in force.
func (s *Statements) Options(_ context.Context, session *flight.Session) (map[string]string, error) {
	out := map[string]string{}
	for name := range options() {
		out[name] = s.option(session, name)
	}
	return out, nil
}

func (s *Statements) option(session *flight.Session, name string) string {
	if v, ok := session.Get(name); ok {
		return v
	}
	return options()[name].value(s.Defaults)
}

// settings is how a session's queries run. It is asked for every query, so that it
// makes no table of all options.
func (s *Statements) settings(session *flight.Session) coordinator.Settings {
	d := s.Defaults
	out := coordinator.Settings{Mode: orAuto(d.Distribution), Encode: d.Encode, Workers: d.Workers}
	out.Run.BatchRows, out.Run.Frames = d.BatchRows, d.Frames
	if v, ok := session.Get("distribution"); ok {
		out.Mode = place.Mode(strings.ToLower(v))
	}
	if v, ok := session.Get("fragment_form"); ok {
		out.Encode = strings.EqualFold(v, "substrait")
	}
	if v, ok := session.Get("workers"); ok {
		out.Workers, _ = strconv.Atoi(v) // checked when it was set
	}
	if v, ok := session.Get("batch_rows"); ok {
		out.Run.BatchRows, _ = strconv.Atoi(v)
	}
	return out
}
