package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/internal/shell"
)

func newClusterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "cluster", Short: "Look at a cluster"}
	cmd.AddCommand(newClusterStatusCommand())
	return cmd
}

// statusQuery is what cluster status shows: members by name.
const statusQuery = "select * from information_schema.skein_members order by name"

func newClusterStatusCommand() *cobra.Command {
	var server connection
	var json bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the members of the cluster, and what the coordinator has given them to do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			c, err := server.open(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			s := &shell.Shell{Client: c, Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(), Format: shell.FormatTable}
			if json {
				s.Format = shell.FormatJSON
			}
			return s.RunScript(ctx, strings.NewReader(statusQuery))
		},
	}
	server.register(cmd.Flags())
	cmd.Flags().BoolVar(&json, "json", false, "print JSON, an object a member")
	return cmd
}
