package shell

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// lineEditor names the variable that makes the test binary an editor of lines, which
// prints those it accepts.
const lineEditor = "SKEIN_TEST_LINE_EDITOR"

// editLines is the process behind startEditor.
func editLines() {
	editor := (&Shell{}).newEditor()
	for {
		line, err := editor.Readline()
		if err != nil {
			fmt.Println("ended")
			return
		}
		fmt.Printf("accepted %+q\r\n", line)
	}
}

// terminal is the user's end of a pseudo-terminal with a line editor at the other.
type terminal struct {
	t        *testing.T
	keyboard *os.File
	accepted chan string // in Go's ASCII quotes
	prompted chan struct{}
}

// startEditor runs a line editor in a terminal of 24 rows and waits for its prompt.
func startEditor(t *testing.T, env ...string) *terminal {
	t.Helper()
	master, slave := openPTY(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append([]string{lineEditor + "=1", "TERM=xterm", "HOME=" + t.TempDir()}, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	term := &terminal{t: t, keyboard: master, accepted: make(chan string, 16), prompted: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() { defer close(done); term.read() }() // ends with the process
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		<-done
		master.Close()
	})
	select {
	case <-term.prompted:
	case <-time.After(20 * time.Second):
		t.Fatal("no prompt")
	}
	return term
}

// openPTY opens a pseudo-terminal of 24 rows and 80 columns.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	control := func(request uintptr, arg unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(arg)); errno != 0 {
			t.Fatal(errno)
		}
	}
	var lock, number int32
	control(syscall.TIOCSPTLCK, unsafe.Pointer(&lock))
	control(syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{24, 80, 0, 0}))
	slave, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// read takes what the editor prints and answers, as terminals do, where the cursor is.
func (m *terminal) read() {
	const question, answer = "\x1b[6n", "\x1b[1;8R"
	in := bufio.NewReader(m.keyboard)
	var line []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return
		}
		line = append(line, b)
		switch {
		case bytes.HasSuffix(line, []byte(question)):
			_, _ = m.keyboard.WriteString(answer)
		case bytes.HasSuffix(line, []byte("skein> ")):
			select {
			case m.prompted <- struct{}{}:
			default:
			}
		case b == '\n':
			if _, quoted, found := strings.Cut(string(line), "accepted "); found {
				m.accepted <- strings.TrimSpace(quoted)
			}
			line = line[:0]
		}
	}
}

// write sends keys at once.
func (m *terminal) write(keys string) {
	if _, err := m.keyboard.WriteString(keys); err != nil {
		m.t.Fatal(err)
	}
}

// expect waits for the lines that the editor accepts.
func (m *terminal) expect(lines ...string) {
	m.t.Helper()
	for _, line := range lines {
		if got, want := m.next(line), fmt.Sprintf("%+q", line); got != want {
			m.t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// next waits for a line that the editor accepts, in Go's ASCII quotes.
func (m *terminal) next(wanted string) string {
	m.t.Helper()
	select {
	case got := <-m.accepted:
		return got
	case <-time.After(time.Minute):
		m.t.Fatalf("not accepted: %q", wanted)
		return ""
	}
}

// latin1 are the characters from U+00A0 to U+00FF.
func latin1() string {
	var b strings.Builder
	for r := rune(0xa0); r <= 0xff; r++ {
		b.WriteRune(r)
	}
	return b.String()
}

func TestTypedAndPastedTextIsKept(t *testing.T) {
	statements := []string{
		"select 'né é ü ñ ½ ß × ÷ ÿ' as y;",
		"select '" + latin1() + "';",
		"select 'e\u0301o\u0308 n\u0303' as combining;",
		"select '日本語 Ω €' as \"größe\";",
		"select '😀 👩\u200d🚀 🇩🇪 👍🏽';",
	}
	typings := map[string]func(*terminal, string){
		"character by character": func(m *terminal, s string) {
			for _, r := range s {
				m.write(string(r))
				time.Sleep(time.Millisecond)
			}
		},
		"pasted":             (*terminal).write,
		"pasted in brackets": func(m *terminal, s string) { m.write("\x1b[200~" + s + "\x1b[201~") },
	}
	for name, typing := range typings {
		for _, locale := range []string{"LANG=C.UTF-8", "NOTHING="} {
			t.Run(name+" "+locale, func(t *testing.T) {
				m := startEditor(t, locale)
				for _, s := range statements {
					typing(m, s)
					m.write("\r")
					m.expect(s)
				}
			})
		}
	}
}

func TestEnterRightAfterTextRuns(t *testing.T) {
	m := startEditor(t)
	for _, pause := range []time.Duration{0, 200 * time.Microsecond, time.Millisecond, 3 * time.Millisecond} {
		for range 20 {
			m.write("select 4711;")
			time.Sleep(pause)
			m.write("\r")
			m.expect("select 4711;")
		}
	}
	m.write("select 1;\rselect 2;\rselect\r3;\r")
	m.expect("select 1;", "select 2;", "select\n3;")
	m.write("select 4;\r\nselect 5;\n")
	m.expect("select 4;")
	got := m.next("select 5;")
	if got == `""` { // the line feed came in another read: an empty line, which runs nothing
		got = m.next("select 5;")
	}
	if got != `"select 5;"` {
		t.Errorf("got %s", got)
	}
}

func TestTextIsInsertedWhereTheCursorIs(t *testing.T) {
	const left = "\x1b[D"
	m := startEditor(t)
	m.write("select '日';" + left + left + "本語é\r")
	m.expect("select '日本語é';")
	m.write("select 'ab';" + left + left + left + "e\u0301\r")
	m.expect("select 'ae\u0301b';")
}

func TestKeysAfterEscapeAreMeta(t *testing.T) {
	m := startEditor(t)
	m.write("select 1;\x1bb\x1bb2, \r") // back over ; and 1
	m.expect("select 2, 1;")
}
