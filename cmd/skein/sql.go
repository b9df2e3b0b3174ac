package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/skein-query/skein/internal/shell"
)

// sqlFlags are the flags of skein sql.
type sqlFlags struct {
	server                connection
	command, file, format string
}

func newSQLCommand() *cobra.Command {
	var flags sqlFlags
	c := &cobra.Command{
		Use:   "sql",
		Short: "Run SQL on a server: a shell, one statement or a script",
		Long: "Run SQL on a server. With -c or -f, or with a standard input that is no terminal, the statements run\n" +
			"one after another and the first error ends the command with exit code 1; else it is a shell.\n" +
			"The environment's TRACEPARENT is passed on: statements belong to the span that it names.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSQL(cmd, flags) },
	}
	f := c.Flags()
	flags.server.register(f)
	f.StringVarP(&flags.command, "command", "c", "", "run these statements and exit")
	f.StringVarP(&flags.file, "file", "f", "", "run the statements of a file and exit (- is the standard input)")
	f.StringVar(&flags.format, "format", shell.FormatTable, "output: "+strings.Join(shell.Formats(), ", "))
	c.MarkFlagsMutuallyExclusive("command", "file")
	return c
}

func runSQL(cmd *cobra.Command, flags sqlFlags) error {
	// An interrupt cancels a statement, not the shell: main's context, which ends
	// with the first one, is not used.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), syscall.SIGTERM)
	defer stop()
	c, err := flags.server.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	s := &shell.Shell{Client: c, Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(), Format: flags.format,
		Progress: term.IsTerminal(int(os.Stderr.Fd()))}
	var script io.Reader
	switch {
	case cmd.Flags().Changed("command"):
		script = strings.NewReader(flags.command)
	case flags.file != "" && flags.file != "-":
		f, err := os.Open(flags.file)
		if err != nil {
			return err
		}
		defer f.Close()
		script = f
	case flags.file == "-" || !term.IsTerminal(int(os.Stdin.Fd())):
		script = cmd.InOrStdin()
	}
	if script != nil {
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
		return s.RunScript(ctx, script)
	}
	interrupts, release := interruptChannel()
	defer release()
	s.Interrupts = interrupts
	return s.Interactive(ctx)
}

// interruptChannel gives a value for each Ctrl-C that the line editor does not take.
func interruptChannel() (<-chan struct{}, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	interrupts := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() { // ends with release
		for {
			select {
			case <-signals:
				select {
				case interrupts <- struct{}{}:
				default: // one is waiting already
				}
			case <-done:
				return
			}
		}
	}()
	return interrupts, func() { signal.Stop(signals); close(done) }
}
