package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestSizesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]int64{"4GiB": 4 << 30, "512 mb": 512e6, "1.5KiB": 1536, "1073741824": 1 << 30, "7B": 7} {
		if got, err := parseBytes(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "lots", "4xGiB", "-1GiB", "0", "GiB", "1e30TiB", "nan", "4GiB extra"} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestQueryListsAreReadStrictly(t *testing.T) {
	got, err := parseQueries("1,6, 20-22")
	if want := []int{1, 6, 20, 21, 22}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, text := range []string{"", "0", "23", "1x", "5-3", "1-", "-5", "1,,2", "one"} {
		if got, err := parseQueries(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestTablesOfNoFilesAreRefused(t *testing.T) {
	for _, parts := range []string{"0", "-1"} {
		cmd := newGenerateCommand()
		cmd.SetArgs([]string{"--sf", "0.001", "--table", "region", "--out", t.TempDir(), "--parts", parts})
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "--parts") {
			t.Errorf("--parts %s: %v", parts, err)
		}
	}
}

func TestThreadsAreNotExceededByWorkersThatNobodyAskedFor(t *testing.T) {
	for args, want := range map[string]int{"": 2, "--threads=1": 1, "--threads=8": 2, "--threads=1 --workers=3": 3} {
		flags := &serveFlags{}
		cmd := &cobra.Command{}
		flags.register(cmd.Flags())
		if err := cmd.ParseFlags(append([]string{"--threads=4"}, strings.Fields(args)...)); err != nil {
			t.Fatal(err)
		}
		if err := flags.complete(cmd); err != nil || flags.Workers != want {
			t.Errorf("%s: %d workers, %v; want %d", args, flags.Workers, err, want)
		}
	}
}
