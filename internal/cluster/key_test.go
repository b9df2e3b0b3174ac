package cluster

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAKeyIsTheFileWithoutTheSpaceAroundIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	secret := strings.Repeat("k", 40)
	if err := os.WriteFile(path, []byte(" "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := LoadKey(path)
	if err != nil || string(k.secret) != secret {
		t.Fatalf("%q, %v", k.secret, err)
	}
	gossip, err := k.derive("gossip")
	if err != nil {
		t.Fatal(err)
	}
	actors, err := k.derive("actors")
	if err != nil {
		t.Fatal(err)
	}
	if len(gossip) != 32 || bytes.Equal(gossip, actors) {
		t.Error("two uses have one key")
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + " that is not there"} {
		if _, err := LoadKey(p); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v", p, err)
		}
	}
}
