package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/internal/shell"
)

func newSubstraitCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "substrait",
		Short: "Run Substrait plans of any producer, and make plans for others",
	}
	c.AddCommand(newSubstraitRunCommand())
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
