package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-query/skein/storage/object"
)

func TestTablesOfAFileSayThatItIsNoFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "t.parquet")
	if err := os.WriteFile(file, []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		file:                         "is a file and no folder",
		file + "/":                   "is a file and no folder",
		filepath.Join(dir, "absent"): "does not exist",
	} {
		_, err := tablesUnder(t.Context(), &object.Local{}, folder)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}
