package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/internal/shell"
	"github.com/skein-query/skein/internal/sqlerr"
)

// version is set by the linker; see the Makefile.
var version = "dev"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	root := newRootCommand()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "skein:", err)
		_, drawn := errors.AsType[*shell.Error](err) // with its hint
		if e, ok := errors.AsType[*sqlerr.Error](err); ok && !drawn && e.Hint != "" {
			fmt.Fprintln(os.Stderr, "HINT:", e.Hint)
		}
		return 1
	}
	return 0
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "skein",
		Short:         "A massively parallel SQL query cluster over Parquet, spoken to by Arrow Flight SQL",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServeCommand(), newSQLCommand(), newSubstraitCommand(), newClusterCommand(), newTPCHCommand(), newUserCommand(), newVersionCommand())
	return root
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "skein %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
