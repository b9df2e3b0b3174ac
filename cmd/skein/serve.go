package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/node"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/worker/spill"
)

// serveFlags are the flags of skein serve that are not the configuration as it is.
type serveFlags struct {
	node.Config
	cluster node.Cluster
	roles   []string

	memory, columns, distribution, logLevel string
	profile, configFile, otlp               string
	keyFile, certFile, certKeyFile, caFile  string
	clientCA                                string
	issuer                                  auth.IssuerConfig
}

func newServeCommand() *cobra.Command {
	flags := &serveFlags{Config: node.Config{Version: version}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run Skein: alone, or as a process of a cluster",
		Long: `Run Skein, reached by Arrow Flight SQL. When all tables are registered the port
accepts connections and the line "skein ready grpc://HOST:PORT" is printed.

A table is registered under the name of its file (NAME.parquet) or folder (NAME/).
More tables come by SQL:

  CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/data/t/*.parquet'

Alone, a coordinator and workers run in the one process. With --gossip the process is
the first of a cluster, which others --join by the address of any of them:

  skein serve --listen 127.0.0.1:32010 --gossip 127.0.0.1:7946 --tables /data
  skein serve --listen 127.0.0.1:0 --join 127.0.0.1:7946 --role worker

An address that the network reaches is listened on with TLS and with users only, or with
--insecure. Users are of a file (skein user add), of an OpenID Connect issuer, named by
client certificates or made by SQL (CREATE USER); once there are some, everybody logs in.

Beyond one machine all need the same --cluster-key: without it only loopback is
listened on.

An interrupt or SIGTERM takes nothing new, finishes what runs, and leaves; a second one
ends at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.complete(cmd); err != nil {
				return err
			}
			if flags.profile != "" {
				stop, err := startProfile(flags.profile)
				if err != nil {
					return fmt.Errorf("--cpu-profile: %w", err)
				}
				defer stop()
			}
			stop, err := flags.startTracing(cmd.Context())
			if err != nil {
				return fmt.Errorf("--otlp: %w", err)
			}
			defer stop()
			return serve(cmd, flags.Config)
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

func (s *serveFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.Listen, "listen", "127.0.0.1:32010", "address to listen on; port 0 takes a free one")
	f.IntVar(&s.Workers, "workers", 2, "number of workers, of a process that is alone")
	f.IntVar(&s.Threads, "threads", runtime.GOMAXPROCS(0), "pipeline threads, split over the workers; each has one at least")
	f.StringArrayVar(&s.Tables, "tables", nil, "folder or s3://bucket/prefix whose NAME.parquet files and NAME/ folders become tables; may repeat")
	f.StringVar(&s.Catalog, "catalog", "", "folder or s3://bucket/prefix where tables and schemas are kept, shared by all coordinators (default: in memory)")
	f.StringVar(&s.HTTP, "http", "", "address of the web console, /metrics, /healthz and /readyz; empty is none")
	f.StringVar(&s.otlp, "otlp", "", "URL of an OpenTelemetry collector that traces are sent to (default OTEL_EXPORTER_OTLP_ENDPOINT; without it none are made)")
	f.StringVar(&s.memory, "memory", "4GiB", "bound of the memory that queries and caches may use together")
	f.StringVar(&s.columns, "column-cache", "", "part of it for decoded columns that are kept between queries; 0 keeps none (default a quarter)")
	f.IntVar(&s.Limits.Running, "max-running", 64, "queries that run at a time on a coordinator; further ones wait; 0 is no bound")
	f.IntVar(&s.Limits.Queued, "max-queued", 1024, "queries that wait; further ones are refused; 0 is no bound")
	f.IntVar(&s.Limits.PerUser, "max-running-per-user", 0, "queries of one user that run at a time; 0 is no bound")
	f.StringVar(&s.SpillFolder, "spill", spill.DefaultFolder(), "folder for what queries have no memory for; empty: they fail")
	f.Int64Var(&s.SpillBytes, "spill-from", 0, "for tests: bytes that a join, group or sort may hold before it spills; 0: as there is room")
	_ = f.MarkHidden("spill-from") // the flag exists
	f.StringVar(&s.distribution, "distribution", "auto", "whether queries are distributed over the workers: auto, always, local")
	f.StringVar(&s.logLevel, "log-level", "warn", "least level that is logged: debug, info, warn, error")
	f.StringVar(&s.profile, "cpu-profile", "", "write a CPU profile of the whole run to this file")
	f.StringVar(&s.configFile, "config", "", "file of flags, a line each: name = value")
	f.StringSliceVar(&s.cluster.Join, "join", nil, "gossip addresses (host:port) of processes of the cluster to join; may repeat")
	f.StringSliceVar(&s.roles, "role", []string{"coordinator", "worker"}, "what the process is in the cluster: coordinator, worker or both")
	f.StringVar(&s.cluster.Gossip, "gossip", "", "address for gossip (default port 7946 of the host of --listen, or a free one)")
	f.StringVar(&s.cluster.Actor, "actor-listen", "", "address for messages between processes (default a free port of the host of --listen)")
	f.StringVar(&s.cluster.Exchange, "exchange-listen", "", "address for rows between processes (default a free port of the host of --listen)")
	f.StringVar(&s.cluster.Advertise, "advertise", "", "host by which the other processes reach this one (default that of --listen)")
	f.StringVar(&s.cluster.Name, "name", "", "name of the process in the cluster (default host name and process number)")
	f.StringVar(&s.certFile, "tls-cert", "", "PEM file with the certificate that clients are shown, and other processes with --tls-ca")
	f.StringVar(&s.certKeyFile, "tls-key", "", "PEM file with its key")
	f.StringVar(&s.caFile, "tls-ca", "", "PEM file with the authority of all processes of the cluster, which then show each other certificates")
	f.StringVar(&s.clientCA, "tls-client-ca", "", "PEM file with the authority of clients' certificates, which then name their users")
	f.StringVar(&s.Security.Users, "users", "", "file of users, written by skein user; everybody has to log in then")
	f.StringVar(&s.issuer.URL, "oidc-issuer", "", "address (https://…) of an OpenID Connect issuer whose tokens are taken")
	f.StringVar(&s.issuer.Audience, "oidc-audience", "", "audience that its tokens must be for")
	f.StringVar(&s.issuer.UserClaim, "oidc-user-claim", "sub", "claim of its tokens that names the user")
	f.StringVar(&s.issuer.RolesClaim, "oidc-roles-claim", "", "claim of its tokens that lists roles of the user")
	f.StringSliceVar(&s.Security.Allow, "allow-path", nil, "folder or s3:// prefix below which files may be read, even by administrators; may repeat (default everything)")
	f.BoolVar(&s.Security.Insecure, "insecure", false, "let --listen be an address of the network without TLS or without users")
	f.StringVar(&s.keyFile, "cluster-key", "", "file with the secret that all processes of the cluster share, at least 32 bytes")
}

// clusterFlags make a process one of several when they are given.
const clusterFlags = "join role gossip actor-listen exchange-listen advertise name cluster-key"

// complete checks the flags and makes the configuration of them.
func (s *serveFlags) complete(cmd *cobra.Command) error {
	if err := readConfig(cmd, s.configFile); err != nil {
		return err
	}
	var err error
	if s.MemoryBytes, err = parseBytes(s.memory); err != nil {
		return fmt.Errorf("--memory: %w", err)
	}
	switch s.columns {
	case "":
		s.ColumnBytes = s.MemoryBytes / 4
	case "0":
	default:
		if s.ColumnBytes, err = parseBytes(s.columns); err != nil {
			return fmt.Errorf("--column-cache: %w", err)
		}
	}
	if !cmd.Flags().Changed("workers") { // each has a thread at least
		s.Workers = max(1, min(s.Workers, s.Threads))
	}
	if s.Distribution = place.Mode(s.distribution); s.distribution != "auto" && s.distribution != "always" && s.distribution != "local" {
		return fmt.Errorf("--distribution: %q is not one of auto, always, local", s.distribution)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	s.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if (s.certFile == "") != (s.certKeyFile == "") || s.caFile != "" && s.certFile == "" {
		return errors.New("--tls-cert and --tls-key go together, and --tls-ca needs both")
	}
	if s.certFile != "" {
		if s.TLS, err = node.LoadTLS(s.certFile, s.certKeyFile, s.caFile); err != nil {
			return fmt.Errorf("--tls-cert, --tls-key, --tls-ca: %w", err)
		}
	}
	if s.clientCA != "" {
		if s.certFile == "" {
			return errors.New("--tls-client-ca needs --tls-cert and --tls-key")
		}
		if s.TLS, err = s.TLS.WithClients(s.clientCA); err != nil {
			return fmt.Errorf("--tls-client-ca: %w", err)
		}
	}
	if s.issuer.URL != "" || s.issuer.Audience != "" {
		s.Security.Issuer = &s.issuer
	}
	for name := range strings.FieldsSeq(clusterFlags) {
		if cmd.Flags().Changed(name) {
			return s.completeCluster(cmd)
		}
	}
	return nil
}

func (s *serveFlags) completeCluster(cmd *cobra.Command) error {
	if cmd.Flags().Changed("workers") {
		return errors.New("--workers is for a process that is alone: one of a cluster is one worker, with all --threads")
	}
	for _, role := range s.roles {
		switch role {
		case "coordinator":
			s.cluster.Coordinator = true
		case "worker":
			s.cluster.Worker = true
		default:
			return fmt.Errorf("--role: %q is not one of coordinator, worker", role)
		}
	}
	if !s.cluster.Coordinator && len(s.Tables) > 0 {
		return errors.New("--tables is for coordinators: workers are told what to read")
	}
	if !s.cluster.Coordinator && len(s.cluster.Join) == 0 {
		return errors.New("a worker needs a cluster to --join")
	}
	if s.keyFile != "" {
		var err error
		if s.cluster.Key, err = cluster.LoadKey(s.keyFile); err != nil {
			return fmt.Errorf("--cluster-key: %w", err)
		}
	}
	s.Cluster = &s.cluster
	return nil
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

// startTracing has spans sent to a collector, if there is one, until stop is called.
func (s *serveFlags) startTracing(ctx context.Context) (stop func(), err error) {
	tracer, err := trace.Open(ctx, trace.Process{Name: s.cluster.Name, Version: version}, s.otlp, s.Log)
	s.Trace = tracer
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := tracer.Close(ctx); err != nil {
			s.Log.Warn("the last traces are not sent", "error", err)
		}
	}, err
}

// flushTimeout bounds how long a process that ends waits for the collector of traces.
const flushTimeout = 5 * time.Second

func serve(cmd *cobra.Command, c node.Config) error {
	ctx := cmd.Context()
	if os.Getenv("GOGC") == "" {
		defer memory.Pace()()
	}
	server, err := node.Start(ctx, c)
	if err != nil {
		return err
	}
	if c.Catalog == "" && (c.Cluster == nil || c.Cluster.Coordinator) {
		fmt.Fprintln(cmd.ErrOrStderr(), "The catalog is in memory: tables made by SQL are known to this process only, and gone with it. --catalog keeps them.")
	}
	if server.Exposed() {
		fmt.Fprintln(cmd.ErrOrStderr(), "WARNING: --insecure: the network can reach this server, and it asks for no users or has no TLS. Anybody there may read what it reads.")
	}
	if server.HTTPAddr() != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "The console is at http://%s\n", server.HTTPAddr())
	}
	fmt.Fprintf(cmd.OutOrStdout(), "skein ready %s\n", server.URL())
	select {
	case <-ctx.Done():
		drain, stop := context.WithTimeout(context.Background(), drainTimeout)
		server.Drain(drain)
		stop()
	case err = <-server.Failed():
	}
	server.Close()
	return err
}

// drainTimeout bounds how long a process that is told to end finishes what runs.
const drainTimeout = 30 * time.Second

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
	for name := range strings.FieldsSeq("listen workers threads tables catalog http otlp memory column-cache spill max-running max-queued max-running-per-user distribution log-level tls-cert tls-key tls-ca tls-client-ca users oidc-issuer oidc-audience oidc-user-claim oidc-roles-claim allow-path insecure " + clusterFlags) {
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
