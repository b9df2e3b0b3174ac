package logictest

import "strings"

// The words that stand for values which have no visible text.
const (
	nullWord  = "NULL"
	emptyWord = "(empty)"
)

// decode reads a value as the files write it. A bytea value is left as it is:
// its text form begins with a backslash and needs no other.
func decode(cell, typ string) Value {
	switch {
	case cell == nullWord:
		return Value{Null: true}
	case cell == emptyWord:
		return Value{}
	case typ == "bytea" || !strings.Contains(cell, `\`):
		return Value{Text: cell}
	}
	if rest, ok := strings.CutPrefix(cell, `\`); ok && (rest == nullWord || rest == emptyWord) {
		return Value{Text: rest}
	}
	return Value{Text: strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r", `\s`, " ").Replace(cell)}
}

// encode is the inverse of decode.
func encode(v Value, typ string) string {
	switch {
	case v.Null:
		return nullWord
	case v.Text == "":
		return emptyWord
	case v.Text == nullWord || v.Text == emptyWord:
		return `\` + v.Text
	case typ == "bytea":
		return v.Text
	}
	s := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(v.Text)
	if strings.HasPrefix(s, " ") {
		s = `\s` + s[1:]
	}
	if strings.HasSuffix(s, " ") {
		s = s[:len(s)-1] + `\s`
	}
	return s
}

// encodeRow writes a row as the files do.
func encodeRow(row []Value, types []string) string {
	cells := make([]string, len(row))
	for i, v := range row {
		typ := ""
		if i < len(types) {
			typ = types[i]
		}
		cells[i] = encode(v, typ)
	}
	return strings.Join(cells, "\t")
}
