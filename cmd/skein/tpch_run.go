package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/cobra"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/planner/expr"
)

// tpchRun is one run of TPC-H queries against a server.
type tpchRun struct {
	client *client.Client
	sf     tpch.ScaleFactor
	runs   int
	out    io.Writer
	bar    *progress
}

// tpchResult is what is known of one query after its runs.
type tpchResult struct {
	Query   int       `json:"query"`
	Rows    int       `json:"rows"`
	Seconds []float64 `json:"seconds"`
	Best    float64   `json:"best"`
	Answer  string    `json:"answer"` // right, wrong, none stored, error
	Error   string    `json:"error,omitempty"`
}

func newTPCHRunCommand() *cobra.Command {
	var server connection
	var sf, queries, jsonFile string
	r := tpchRun{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run TPC-H queries against a server and compare their answers",
		Long: `Run TPC-H queries against a server and compare their answers with the stored
ones, which exist for scale factors 0.01 and 1. The tables must be registered there.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := parseQueries(queries)
			if err != nil {
				return fmt.Errorf("--queries: %w", err)
			}
			if r.sf, err = tpch.ParseScaleFactor(sf); err != nil {
				return fmt.Errorf("--sf: %w", err)
			}
			if r.runs < 1 {
				return fmt.Errorf("--runs: at least one run is needed")
			}
			if r.client, err = server.open(cmd.Context()); err != nil {
				return err
			}
			defer r.client.Close()
			r.out, r.bar = cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
			results, err := r.all(cmd.Context(), list)
			if err != nil {
				return err
			}
			if jsonFile != "" {
				if err := writeJSON(jsonFile, r.sf, results); err != nil {
					return err
				}
			}
			return r.summary(results)
		},
	}
	f := cmd.Flags()
	server.register(f)
	f.StringVar(&sf, "sf", "1", "scale factor of the data")
	f.StringVar(&queries, "queries", "1-22", "queries to run, such as 1,6,21 or 1-5")
	f.IntVar(&r.runs, "runs", 3, "runs of each query; the best counts")
	f.StringVar(&jsonFile, "json", "", "also write the results to this file")
	return cmd
}

func (r *tpchRun) all(ctx context.Context, list []int) ([]tpchResult, error) {
	fmt.Fprintf(r.out, "%5s %8s %10s %10s  %s\n", "query", "rows", "best ms", "first ms", "answer")
	var out []tpchResult
	for _, n := range list {
		res := r.one(ctx, n)
		r.bar.end()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		first := 0.0
		if len(res.Seconds) > 0 {
			first = res.Seconds[0]
		}
		fmt.Fprintf(r.out, "%5d %8d %10.1f %10.1f  %s %s\n", n, res.Rows, res.Best*1000, first*1000, res.Answer, res.Error)
		out = append(out, res)
	}
	return out, nil
}

func (r *tpchRun) one(ctx context.Context, n int) tpchResult {
	res := tpchResult{Query: n}
	text := tpch.Query(n, tpch.Validation(n, r.sf))
	for run := range r.runs {
		r.bar.show(fmt.Sprintf("query %d, run %d of %d", n, run+1, r.runs), true)
		start := time.Now()
		rows, err := fetch(ctx, r.client, text)
		seconds := time.Since(start).Seconds()
		if err != nil {
			res.Answer, res.Error = "error", err.Error()
			return res
		}
		res.Seconds = append(res.Seconds, seconds)
		if run == 0 || seconds < res.Best {
			res.Best = seconds
		}
		res.Rows = len(rows)
		if answer, ok := tpch.Answer(n, r.sf); !ok {
			res.Answer = "none stored"
		} else if err := tpch.Compare(rows, answer); err != nil {
			res.Answer, res.Error = "wrong", err.Error()
			return res
		} else {
			res.Answer = "right"
		}
	}
	return res
}

// fetch runs a query to its end and gives its rows as text, NULL as "".
func fetch(ctx context.Context, c *client.Client, text string) ([][]string, error) {
	rows, err := c.Query(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for batch, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		part, err := textRows(batch)
		batch.Release()
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func textRows(batch arrow.RecordBatch) ([][]string, error) {
	out := make([][]string, batch.NumRows())
	for i := range out {
		out[i] = make([]string, batch.NumCols())
	}
	for c := range int(batch.NumCols()) {
		column := batch.Column(c)
		for i := range out {
			if column.IsNull(i) {
				continue
			}
			v, typ, err := value.At(column, i)
			if err != nil {
				return nil, err
			}
			out[i][c] = expr.FormatValue(v, typ)
		}
	}
	return out, nil
}

func (r *tpchRun) summary(results []tpchResult) error {
	sum, right, bad := 0.0, 0, 0
	for _, x := range results {
		sum += x.Best
		switch x.Answer {
		case "right":
			right++
		case "wrong", "error":
			bad++
		}
	}
	fmt.Fprintf(r.out, "%d queries, %.3f s in sum of the best runs, %d right, %d wrong\n", len(results), sum, right, bad)
	if bad > 0 {
		return fmt.Errorf("%d of %d queries failed or gave a wrong answer", bad, len(results))
	}
	return nil
}

func writeJSON(path string, sf tpch.ScaleFactor, results []tpchResult) error {
	text, err := json.MarshalIndent(map[string]any{
		"engine": "skein", "version": version, "go": runtime.Version(), "cpus": runtime.NumCPU(),
		"time": time.Now().UTC().Format(time.RFC3339), "sf": sf.String(), "queries": results,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
