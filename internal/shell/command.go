package shell

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

const helpText = `\d [TABLE]    list tables, or the columns of one
\dt           list tables
\i FILE       run the statements of a file
\timing       print how long each statement takes, or stop doing so
\x            print a line for each column, or stop doing so
\q            quit (also Ctrl-D)
\?            this text
Statements end with a semicolon. Ctrl-C cancels a running statement.
`

// command runs a backslash command.
func (s *Shell) command(ctx context.Context, line string) error {
	name, rest, _ := strings.Cut(strings.TrimRight(strings.TrimSpace(line), "; "), " ")
	rest = strings.TrimSpace(rest)
	switch name {
	case `\q`, `\quit`:
		return errQuit
	case `\?`, `\h`, `\help`:
		_, err := fmt.Fprint(s.Out, helpText)
		return err
	case `\timing`:
		return s.toggle(&s.Timing, rest, "Timing")
	case `\x`:
		return s.toggle(&s.Expanded, rest, "Expanded display")
	case `\i`:
		return s.include(ctx, rest)
	case `\d`:
		if rest != "" {
			return s.describe(ctx, rest)
		}
		return s.listTables(ctx)
	case `\dt`, `\dv`, `\d+`:
		return s.listTables(ctx)
	}
	return sqlerr.New(sqlerr.SyntaxError, "invalid command %s", name).WithHint(`\? lists the commands.`)
}

func (s *Shell) toggle(setting *bool, to, name string) error {
	switch strings.ToLower(to) {
	case "on":
		*setting = true
	case "off":
		*setting = false
	case "":
		*setting = !*setting
	default:
		return sqlerr.New(sqlerr.InvalidParameterValue, "on or off is wanted, not %q", to)
	}
	state := "off"
	if *setting {
		state = "on"
	}
	_, err := fmt.Fprintf(s.Err, "%s is %s.\n", name, state)
	return err
}

func (s *Shell) include(ctx context.Context, path string) error {
	f, err := os.Open(strings.Trim(path, "'"))
	if err != nil {
		return sqlerr.New(sqlerr.UndefinedFile, "%v", err)
	}
	defer f.Close()
	return s.RunScript(ctx, f)
}

// listTables prints the tables and views, without the server's own.
func (s *Shell) listTables(ctx context.Context) error {
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Schema\tName\tType\tColumns")
	shown := 0
	for _, t := range tables {
		if !strings.HasPrefix(t.Type, "SYSTEM") {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", t.Schema, t.Name, strings.ToLower(t.Type), len(t.Columns))
			shown++
		}
	}
	if shown == 0 {
		_, err := fmt.Fprintln(s.Err, "There are no tables.")
		return err
	}
	return w.Flush()
}

// describe prints the columns of a table, named with or without its schema.
func (s *Shell) describe(ctx context.Context, name string) error {
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	name = strings.ReplaceAll(name, `"`, "")
	var names []string
	for _, t := range tables {
		if strings.EqualFold(name, t.Name) || strings.EqualFold(name, t.Schema+"."+t.Name) {
			return s.printColumns(ctx, t)
		}
		names = append(names, t.Name)
	}
	return sqlerr.New(sqlerr.UndefinedTable, "table %q does not exist", name).WithHint("%s", sqlerr.DidYouMean(name, names))
}

func (s *Shell) printColumns(ctx context.Context, t client.Table) error {
	columns, err := s.Client.Columns(ctx, t)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s %s.%s\n", strings.ToLower(t.Type), t.Schema, t.Name)
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Column\tType\tNullable")
	for _, c := range columns {
		nullable := ""
		if c.NotNull {
			nullable = "not null"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, c.Type, nullable)
	}
	return w.Flush()
}

// tables lists the tables and keeps their names for completion.
func (s *Shell) tables(ctx context.Context) ([]client.Table, error) {
	tables, err := s.Client.Tables(ctx)
	if err == nil {
		s.names.set(tables)
	}
	return tables, err
}
