package sql

import (
	"fmt"
	"strings"
	"testing"
)

func TestMaskedStatementsHoldNoConstants(t *testing.T) {
	for text, want := range map[string]string{
		"select  a.\"b c\" from t where x='secret' and y>=12.5e3":  `select a."b c" from t where x=? and y>=?`,
		"select 'it''s' -- my password\n'goes on', $1, $$secret$$": "select ?, $1, ?",
		"select E'\\'secret' || U&'\\0061' /* secret */ from x":    "select ? || ? from x",
		"select b'101', x'ff', interval '3 days'":                  "select ?, ?, interval ?",
		"select 'secret":                  "select ?",
		"select 1 /* secret":              "select ?",
		"select * from read_parquet('s')": "select * from read_parquet(?)",
		"":                                "",
	} {
		if got := Masked(text); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}

func TestErrorsAboutPasswordsDoNotQuoteThem(t *testing.T) {
	for _, text := range []string{"create user a password hunter2", "create user a passwort 'hunter2' password", "alter user a set password 'hunter2'",
		"create user a password 'hunter2", `create user a password "hunter2"`, "create user a password 'x' hunter2"} {
		_, err := Parse(text)
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
	statements, err := Parse("create user a password 'hunter2' valid until 'infinity'")
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", statements[0], statements[0], statements[0]), "hunter2") {
		t.Errorf("%#v, %v", statements, err)
	}
	if got := Masked("create user a password 'hunter2'"); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}
