package session

import (
	"context"
	"fmt"
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

	number bool // the value is a count
	fixed  bool // nobody sets it
}

// countOption is one whose value is a number.
func countOption(value func(d Defaults) string, note string) option {
	return option{value: value, check: count, note: note, number: true}
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
		"catalog":            {value: fixed("skein"), check: oneOf("skein"), note: "The only catalog is \"skein\"."},
		"schema":             {value: fixed(catalog.DefaultSchema)},
		roleOption:           {value: fixed("none")},
		"distribution":       {value: func(d Defaults) string { return string(orAuto(d.Distribution)) }, check: oneOf("auto", "always", "local"), note: "Use auto, always or local."},
		"fragment_form":      {value: func(d Defaults) string { return form(d.Encode) }, check: oneOf("value", "substrait"), note: "Use value or substrait."},
		"workers":            countOption(func(d Defaults) string { return strconv.Itoa(d.Workers) }, "Use a number; 0 means all workers."),
		"batch_rows":         countOption(func(d Defaults) string { return strconv.Itoa(d.BatchRows) }, "Use a number; 0 means the default."),
		"endpoints":          countOption(fixed("1"), "Use a number: from how many endpoints a client fetches a result at once."),
		"timezone":           {value: fixed("UTC"), check: oneOf("utc", "gmt", "etc/utc"), note: "The only time zone is UTC."},
		"client_encoding":    {value: fixed("UTF8"), check: oneOf("utf8", "utf-8", "unicode"), note: "The only encoding is UTF8."},
		"application_name":   {value: fixed("")},
		"datestyle":          {value: fixed("ISO, MDY"), check: oneOf("iso", "iso, mdy"), note: "The only style is ISO."},
		"intervalstyle":      {value: fixed("postgres"), check: oneOf("postgres"), note: "The only style is postgres."},
		"extra_float_digits": countOption(fixed("1"), "Use a number."),

		// What drivers and tools set or ask for without needing it, as PostgreSQL has it.
		"standard_conforming_strings": {value: fixed("on"), check: oneOf("on", "true"), note: "Strings are standard conforming."},
		"bytea_output":                {value: fixed("hex"), check: oneOf("hex"), note: "The only form is hex."},
		"lc_collate":                  readOnly("C"),
		"lc_ctype":                    readOnly("C"),
		"server_encoding":             readOnly("UTF8"),
		"server_version":              readOnly(serverVersion),
		"server_version_num":          readOnly(serverVersionNumber),
		"transaction_isolation":       readOnly("read committed"),
		"transaction_read_only":       readOnly("off"),
		"max_identifier_length":       readOnly("63"),
		"integer_datetimes":           readOnly("on"),
		"is_superuser":                readOnly("on"),
		"session_authorization":       readOnly(catalogName),
	}
}

// The version of PostgreSQL whose SQL this is.
const (
	serverVersion       = "15"
	serverVersionNumber = "150000"
)

func readOnly(value string) option {
	return option{value: fixed(value), check: oneOf(), note: "It cannot be changed.", fixed: true}
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

// optionText is an option's value as SET would take it.
func optionText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(value)
}

// SetOption checks and sets an option of a session; nil or the empty value resets it.
func (s *Statements) SetOption(_ context.Context, session *flight.Session, name string, to any) error {
	name, value := canonical(name), optionText(to)
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
	if name == roleOption {
		if strings.EqualFold(value, "none") {
			value = ""
		} else if value != "" {
			if err := s.mayBecome(session, value); err != nil {
				return err
			}
		}
	}
	session.Set(name, value)
	return nil
}

// Options are all options of a session with the values in force: those that are counts
// as numbers.
func (s *Statements) Options(_ context.Context, session *flight.Session) (map[string]any, error) {
	out := map[string]any{}
	for name, o := range options() {
		value := s.option(session, name)
		out[name] = value
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && o.number {
			out[name] = n
		}
	}
	return out, nil
}

func (s *Statements) option(session *flight.Session, name string) string {
	if v, ok := session.Get(name); ok {
		return v
	}
	switch name {
	case "is_superuser":
		if !s.rights(session).Admin() {
			return "off"
		}
	case "session_authorization":
		return sessionUser(session)
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
