package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/storage/object"
)

func newTPCHCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tpch", Short: "Generate TPC-H data and run its queries"}
	cmd.AddCommand(newGenerateCommand(), newTPCHQueriesCommand(), newTPCHRunCommand())
	return cmd
}

func newGenerateCommand() *cobra.Command {
	var opt tpch.Options
	var sf, format string
	var tables []string
	cmd := &cobra.Command{
		Use:   "generate --sf 0.01 --out DIR",
		Short: "Generate the TPC-H tables as Parquet files",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "parquet" {
				return fmt.Errorf("--format: %q is not supported, only parquet is", format)
			}
			if opt.Parts < 1 {
				return fmt.Errorf("--parts: at least one file per table is needed")
			}
			var err error
			if opt.ScaleFactor, err = tpch.ParseScaleFactor(sf); err != nil {
				return fmt.Errorf("--sf: %w", err)
			}
			for _, name := range tables {
				t, err := tpch.ParseTable(name)
				if err != nil {
					return fmt.Errorf("--table: %w", err)
				}
				opt.Tables = append(opt.Tables, t)
			}
			out := cmd.ErrOrStderr()
			bar := newProgress(out)
			opt.Progress = func(p tpch.Progress) {
				bar.show(fmt.Sprintf("generating %-9s %d of %d rows", p.Table, p.Done, p.Total), p.Done >= p.Total)
			}
			place := opt.Out
			if strings.Contains(place, "://") {
				if opt.Out, err = os.MkdirTemp("", "skein-tpch-"); err != nil {
					return err
				}
				defer os.RemoveAll(opt.Out)
			}
			err = tpch.Generate(cmd.Context(), opt)
			bar.end()
			if err == nil && place != opt.Out {
				err = upload(cmd.Context(), opt.Out, place, bar)
			}
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "TPC-H at scale factor %s is in %s\n", opt.ScaleFactor, place)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&sf, "sf", "1", "scale factor, any positive decimal")
	f.StringVar(&opt.Out, "out", "", "folder or s3://bucket/prefix for the files")
	f.StringVar(&format, "format", "parquet", "file format")
	f.StringVar(&opt.Compression, "compression", "snappy", "snappy, zstd, lz4 or none")
	f.IntVar(&opt.Parts, "parts", 1, "files per table; more than one makes a folder per table")
	f.StringSliceVar(&tables, "table", nil, "only these tables")
	_ = cmd.MarkFlagRequired("out") // the flag exists
	return cmd
}

// upload puts every file under a folder into a bucket, one after the other.
func upload(ctx context.Context, from, to string, bar *progress) error {
	store := object.NewRouter(nil)
	defer bar.end()
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		bar.show("uploading "+name, true)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return store.Put(ctx, strings.TrimRight(to, "/")+"/"+filepath.ToSlash(name), data)
	})
}

// parseQueries reads a list such as 1,6,21 or 1-5,9.
func parseQueries(list string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("%q is no query number and no range such as 1-5", part)
		}
		if from < 1 || to > tpch.Queries || from > to {
			return nil, fmt.Errorf("%q: TPC-H has queries 1 to %d", part, tpch.Queries)
		}
		for q := from; q <= to; q++ {
			out = append(out, q)
		}
	}
	return out, nil
}

// newTPCHQueriesCommand writes the queries for other tools.
func newTPCHQueriesCommand() *cobra.Command {
	var scale, out string
	c := &cobra.Command{
		Use:   "queries --sf 0.01 --out DIR",
		Short: "Write the TPC-H queries, with the parameters of the specification's validation, as q01.sql to q22.sql",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			sf, err := tpch.ParseScaleFactor(scale)
			if err != nil {
				return err
			}
			for q := 1; q <= tpch.Queries; q++ {
				file := filepath.Join(out, fmt.Sprintf("q%02d.sql", q))
				if err := os.WriteFile(file, []byte(tpch.Query(q, tpch.Validation(q, sf))), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&scale, "sf", "1", "scale factor, which Q11 depends on")
	c.Flags().StringVar(&out, "out", ".", "folder for the files")
	return c
}
