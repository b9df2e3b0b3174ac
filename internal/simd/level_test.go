package simd

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The features that GODEBUG takes away are gone: the test runs itself once more.
func TestLevelsCanBeTakenAway(t *testing.T) {
	if os.Getenv("SKEIN_SAY_LEVEL") != "" {
		t.Logf("the level is %s.", Best())
		return
	}
	for without, most := range map[string]Level{"cpu.avx2=off": Scalar, "cpu.avx512bw=off": AVX2} {
		cmd := exec.Command(os.Args[0], "-test.run", "TestLevelsCanBeTakenAway", "-test.v")
		cmd.Env = append(os.Environ(), "SKEIN_SAY_LEVEL=1", "GODEBUG="+without)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, after, said := strings.Cut(string(out), "the level is ")
		level, _, _ := strings.Cut(after, ".")
		if !said || slices.ContainsFunc(Levels(), func(l Level) bool { return l > most && l.String() == level }) {
			t.Errorf("with %s, the level is %q", without, level)
		}
	}
}
