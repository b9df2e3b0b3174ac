package shell

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/reeflective/readline"
)

// roomBelow makes the screen have two lines below the cursor: Index scrolls at the
// bottom and only there, and then the cursor goes back up.
const roomBelow = "\x1bD\x1bD\x1b[2A"

func (s *Shell) newEditor() *readline.Shell {
	editor := readline.NewShell()
	// Text is UTF-8: taken for Meta keys, the characters from U+0080 to U+00FF would be
	// lost, or run commands of the editor.
	//
	// The library asks the terminal at each key where the cursor is, and throws away
	// what the user typed before the answer. It wants to know whether there is a line
	// to clear below the text; with roomBelow there always is.
	for _, name := range []string{"convert-meta", "cursor-position-probe"} {
		_ = editor.Config.Set(name, false) // fails for unknown names only
	}
	editor.SyntaxHighlighter = func(line []rune) string { return string(line) + roomBelow }
	editor.Keymap.Register(map[string]func(){"self-insert": insert(editor)})
	editor.Prompt.Primary(func() string { return "skein> " })
	editor.Prompt.Secondary(func() string { return "    -> " })
	editor.AcceptMultiline = func(line []rune) bool { return accepts(string(line)) }
	editor.Completer = s.complete
	if history, err := openHistory(); err == nil { // else this session's statements are remembered in memory
		editor.History.Add("statements", history)
	}
	return editor
}

// insert gives the command that inserts what was typed. The library's own inserts the
// first code point of a grapheme, moves the cursor by columns instead of code points,
// and inserts a carriage return that comes with a line feed.
func insert(editor *readline.Shell) func() {
	commands := editor.Keymap.Commands()
	insertASCII, accept := commands["self-insert"], commands["accept-line"]
	return func() {
		switch keys := editor.Keys.Caller(); {
		case slices.Equal(keys, []rune("\r\n")):
			accept()
		case len(keys) == 1 && keys[0] < 0x80:
			insertASCII()
		default:
			editor.History.SkipSave()
			editor.Cursor().InsertAt(keys...)
		}
	}
}

// openHistory opens the file of past statements, in the user's home like psql's.
func openHistory() (readline.History, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(home, ".skein_history")
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	return readline.NewHistoryFromFile(path)
}

// complete adapts candidates to the editor.
func (s *Shell) complete(line []rune, cursor int) readline.Completions {
	_, names, keywords := candidates(string(line[:min(cursor, len(line))]), s.names.get())
	return readline.CompleteValues(names...).Tag("names").
		Merge(readline.CompleteValues(keywords...).Tag("keywords"))
}
