package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/internal/shell"
	"github.com/skein-query/skein/planner/substrait/standard"
)

func newSubstraitCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "substrait",
		Short: "Run Substrait plans of any producer, and make plans for others",
	}
	c.AddCommand(newSubstraitRunCommand(), newSubstraitPlanCommand())
	return c
}

func newSubstraitRunCommand() *cobra.Command {
	var server connection
	var format string
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a Substrait plan on a server and print its result (- is the standard input)",
		Long: "Run a Substrait plan on a server and print its result. The file holds the plan in protobuf or in JSON;\n" +
			"- is the standard input.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := readPlan(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			client, err := server.open(ctx)
			if err != nil {
				return err
			}
			defer client.Close()
			s := &shell.Shell{Client: client, Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(), Format: format}
			return s.RunPlan(ctx, plan)
		},
	}
	server.register(c.Flags())
	c.Flags().StringVar(&format, "format", shell.FormatTable, "output: "+strings.Join(shell.Formats(), ", "))
	return c
}

func newSubstraitPlanCommand() *cobra.Command {
	var server connection
	var format, out string
	c := &cobra.Command{
		Use:   "plan 'select …'",
		Short: "Write the Substrait plan of a query for other engines",
		Long: "Write the Substrait plan of a query for other engines: a logical plan over named tables. The server\n" +
			"plans it over its tables, and runs nothing.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(standard.Formats(), format) {
				return fmt.Errorf("--format: %q is not known; use one of %s", format, strings.Join(standard.Formats(), ", "))
			}
			client, err := server.open(cmd.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			text, err := (&shell.Shell{Client: client}).Plan(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			doc, err := standard.Parse(text)
			if err != nil {
				return err
			}
			plan, err := doc.Format(format)
			if err != nil {
				return err
			}
			if out != "" {
				return os.WriteFile(out, plan, 0o644)
			}
			_, err = cmd.OutOrStdout().Write(plan)
			return err
		},
	}
	server.register(c.Flags())
	c.Flags().StringVar(&format, "format", standard.FormatJSON, "of the plan: "+strings.Join(standard.Formats(), ", "))
	c.Flags().StringVarP(&out, "out", "o", "", "file for the plan (default the standard output)")
	return c
}

func readPlan(stdin io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	plan, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	return plan, nil
}
