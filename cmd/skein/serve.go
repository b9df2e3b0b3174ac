package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/embedded"
)

func newServeCommand() *cobra.Command {
	c := embedded.Config{Version: version}
	var limit, columns, config, distribution, logLevel, profile string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run an embedded cluster: a coordinator and workers in one process",
		Long: `Run an embedded cluster: a coordinator and workers in one process, reached by
Arrow Flight SQL. When all tables are registered the port accepts connections and
the line "skein ready grpc://HOST:PORT" is printed.

A table is registered under the name of its file (NAME.parquet) or folder (NAME/).
More tables come by SQL:

  CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/data/t/*.parquet'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := readConfig(cmd, config); err != nil {
				return err
			}
			var err error
			if c.MemoryBytes, err = parseBytes(limit); err != nil {
				return fmt.Errorf("--memory: %w", err)
			}
			switch columns {
			case "":
				c.ColumnBytes = c.MemoryBytes / 4
			case "0":
			default:
				if c.ColumnBytes, err = parseBytes(columns); err != nil {
					return fmt.Errorf("--column-cache: %w", err)
				}
			}
			if c.Distribution = place.Mode(distribution); distribution != "auto" && distribution != "always" && distribution != "local" {
				return fmt.Errorf("--distribution: %q is not one of auto, always, local", distribution)
			}
			var level slog.Level
			if err := level.UnmarshalText([]byte(logLevel)); err != nil {
				return fmt.Errorf("--log-level: %w", err)
			}
			if profile != "" {
				stop, err := startProfile(profile)
				if err != nil {
					return fmt.Errorf("--cpu-profile: %w", err)
				}
				defer stop()
			}
			c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			return serve(cmd, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Listen, "listen", "127.0.0.1:32010", "address to listen on; port 0 takes a free one")
	f.IntVar(&c.Workers, "workers", 2, "number of workers")
	f.IntVar(&c.Threads, "threads", runtime.GOMAXPROCS(0), "pipeline threads, split over the workers")
	f.StringArrayVar(&c.Tables, "tables", nil, "folder or s3://bucket/prefix whose NAME.parquet files and NAME/ folders become tables; may repeat")
	f.StringVar(&limit, "memory", "4GiB", "bound of the memory that queries and caches may use together")
	f.StringVar(&columns, "column-cache", "", "part of it for decoded columns that are kept between queries; 0 keeps none (default a quarter)")
	f.StringVar(&distribution, "distribution", "auto", "whether queries are distributed over the workers: auto, always, local")
	f.StringVar(&logLevel, "log-level", "warn", "least level that is logged: debug, info, warn, error")
	f.StringVar(&profile, "cpu-profile", "", "write a CPU profile of the whole run to this file")
	f.StringVar(&config, "config", "", "file of flags, a line each: name = value")
	return cmd
}

// startProfile profiles the process until stop is called.
func startProfile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close() // the profile is a help, not a result
	}, nil
}

func serve(cmd *cobra.Command, c embedded.Config) error {
	ctx := cmd.Context()
	if os.Getenv("GOGC") == "" {
		defer memory.Pace()()
	}
	server, err := embedded.Start(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "skein ready grpc://%s\n", server.Addr())
	select {
	case <-ctx.Done():
	case err = <-server.Failed():
	}
	server.Close()
	return err
}

// readConfig sets the flags that a file names and the command line does not.
func readConfig(cmd *cobra.Command, path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	given := map[string]bool{}
	for name := range strings.FieldsSeq("listen workers threads tables memory column-cache distribution log-level") {
		given[name] = cmd.Flags().Changed(name)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		set, known := given[name]
		if !ok || !known {
			return fmt.Errorf("%s line %d: want a flag's name = value, found %q", path, n, line)
		}
		if set {
			continue
		}
		if err := cmd.Flags().Set(name, strings.Trim(strings.TrimSpace(value), `"`)); err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
	return nil
}

// parseBytes reads sizes such as 4GiB, 512MB, 1073741824.
func parseBytes(s string) (int64, error) {
	text := strings.TrimSpace(strings.ToLower(s))
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		size   int64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}} {
		if strings.HasSuffix(text, u.suffix) {
			text, unit = strings.TrimSpace(strings.TrimSuffix(text, u.suffix)), u.size
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0 && n*float64(unit) <= 1<<60) {
		return 0, fmt.Errorf("%q is not a size such as 4GiB or 512MB", s)
	}
	return int64(n * float64(unit)), nil
}
