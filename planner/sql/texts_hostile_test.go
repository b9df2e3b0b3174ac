package sql

import (
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// rep repeats a piece between a head and a tail.
func rep(head, piece string, n int, tail string) string {
	return head + strings.Repeat(piece, n) + tail
}

// hostileText is a text made to break a parser; "" wants a tree.
type hostileText struct {
	name, text string
	want       sqlerr.Code
}

// deepTexts nest and chain.
func deepTexts() []hostileText {
	return []hostileText{
		{"sum of 1000", rep("select 1", "+1", 999, ""), ""},
		{"sum of 20000", rep("select 1", "+1", 20_000, ""), "54001"},
		{"sum of a million", rep("select 1", "+1", 1_000_000, ""), "54001"},
		{"and of 1000", rep("select a = 1", " and a = 1", 999, ""), ""},
		{"or of 1000", rep("select a = 1", " or a = 1", 999, ""), ""},
		{"and of 5000", rep("select a", " and a", 5_000, ""), "54001"},
		{"list of 100000", rep("select a in (1", ",1", 100_000, ")"), ""},
		{"values of 50000", rep("values (1, 'a', null)", ", (1, 'a', null)", 50_000, ""), ""},
		{"nested parentheses 500", rep("select ", "(", 500, "1"+strings.Repeat(")", 500)), ""},
		{"nested parentheses 501", rep("select ", "(", 501, "1"+strings.Repeat(")", 501)), "54001"},
		{"nested parentheses open", rep("select ", "(", 1_000_000, ""), "54001"},
		{"nested calls 500", rep("select ", "f(", 500, "1"+strings.Repeat(")", 500)), ""},
		{"nested queries 499", rep("select ", "(select ", 499, "1"+strings.Repeat(")", 499)), ""},
		{"nested tables 499", rep("", "select * from (", 499, "select 1"+strings.Repeat(") x", 499)), ""},
		{"nested case 500", rep("select ", "case when 1 then ", 500, "1"+strings.Repeat(" end", 500)), ""},
		{"nested case 100000", rep("select ", "case when 1 then ", 100_000, "1"), "54001"},
		{"nested arrays", rep("select array", "[", 600, strings.Repeat("]", 600)), "54001"},
		{"chains on the left of brackets", rep("select ", "(", 400, "1"+strings.Repeat(rep("", "+1", 500, ")"), 400)), "54001"},
		{"chains on the right of brackets", rep("select ", "(1+1+1+1+", 400, "1"+strings.Repeat(")", 400)), ""},
		{"chains of 900 three deep", "select ((1" + rep("", "+1", 900, ")") + rep("", "+1", 900, ")") + rep("", "+1", 900, ""), ""},
		{"nested queries with calls", rep("select ", "f(a in (select ", 240, "1"+strings.Repeat("))", 240)), ""},
		{"nested tables with joins", rep("", "select * from (", 200, "select 1"+strings.Repeat(") x join t on true join u on true", 200)), ""},
		{"nested with", rep("", "with x as (", 499, "select 1"+strings.Repeat(") select 1", 499)), ""},
		{"minus signs", rep("select ", "- ", 100_000, "1"), "54001"},
		{"minus signs below the limit", rep("select ", "- ", 900, "a"), ""},
		{"not", rep("select ", "not ", 100_000, "true"), "54001"},
		{"not below the limit", rep("select ", "not ", 900, "a"), ""},
		{"casts", rep("select 1", "::int", 100_000, ""), "54001"},
		{"casts below the limit", rep("select 1", "::int", 900, ""), ""},
		{"subscripts", rep("select a", "[1]", 100_000, ""), "54001"},
		{"fields", rep("select (a)", ".b", 100_000, ""), ""},
		{"collate", rep("select a", " collate x", 100_000, ""), "54001"},
		{"at time zone", rep("select a", " at time zone 'x'", 100_000, ""), "54001"},
		{"operator()", rep("select a", " operator(+) a", 100_000, ""), "54001"},
		{"is distinct from not", rep("select ", "a is distinct from not ", 100_000, "a"), "54001"},
		{"between and not", rep("select ", "a between 1 and not ", 100_000, "a"), "54001"},
		{"between and not with signs", rep("select ", "a between 1 and not not not not not not ", 800, "a"), "54001"},
		{"like not", rep("select ", "a like not ", 100_000, "a"), "54001"},
	}
}

// longTexts repeat flat pieces, or are no text at all.
func longTexts() []hostileText {
	return []hostileText{
		{"columns named like clauses", rep("select a.on", "+a.from", 100_000, ""), "54001"},
		{"columns named set", rep("select set", "+set", 100_000, ""), "54001"},
		{"union of 1000", rep("select 1", " union all select 1", 999, ""), ""},
		{"union of 100000", rep("select 1", " union all select 1", 100_000, ""), "54001"},
		{"joins of 900", rep("select * from t", " join t on true", 900, ""), ""},
		{"joins of 100000", rep("select * from t", " cross join t", 100_000, ""), "54001"},
		{"from list", rep("select * from t", ", t", 10_000, ""), ""},
		{"when branches", rep("select case", " when a = 1 then 2", 10_000, " end"), ""},
		{"statements", rep("", "select 1;", 300, ""), ""},
		{"semicolons", rep("", ";", 1_000_000, ""), ""},
		{"nested comments", rep("select 1 ", "/*", 1_000_000, ""), "42601"},
		{"signs without spaces", rep("select ", "+-", 500_000, "1"), "54001"},
		{"operator characters", rep("select 1 ", "@#", 500_000, " 1"), "54001"},
		{"closed comments", rep("", "/*", 100_000, strings.Repeat("*/", 100_000)+"select 1"), ""},
		{"placeholders", rep("select ?", ",?", 60_000, ""), ""},
		{"too many placeholders", rep("select ?", ",?", 70_000, ""), "54023"},
		{"aliases named case", rep("select 1 as case", ", 2 as case", 1_000, ""), ""},
		{"one string of 10 MB", "select '" + strings.Repeat("x", 10<<20) + "'", ""},
		{"one open string of 10 MB", "select '" + strings.Repeat("é", 5<<20), "42601"},
		{"one name of 1 MB", "select " + strings.Repeat("x", 1<<20), ""},
		{"10 MB of numbers", rep("select a in (1", ",1", 5<<20, ")"), "54001"},
		{"17 MB", strings.Repeat(" ", 17<<20), "54001"},
		{"zero byte", "select '\x00'", "42601"},
		{"broken UTF-8", "select '\xff'", "42601"},
		{"half a character", "select 'é"[:len("select 'é")-1], "42601"},
		{"only brackets", strings.Repeat(")", 100_000), "42601"},
		{"crossed brackets", "select ([)]", "42601"},
		{"end without case", rep("select 1", " end", 100_000, ""), "42601"},
		{"empty", "", ""},
	}
}

// TestHostileTexts holds that such texts end in a tree or in a typed error, in
// reasonable time, under both builds.
func TestHostileTexts(t *testing.T) {
	for _, k := range append(deepTexts(), longTexts()...) {
		t.Run(k.name, func(t *testing.T) {
			start := time.Now()
			statements, err := Parse(k.text)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if err != nil {
				if got := sqlerr.CodeOf(err); got != k.want {
					t.Fatalf("error %s %s, want %q", got, err, k.want)
				}
				if n := len(sqlerr.Render(err, k.text)); n > 2_000 {
					t.Errorf("the error has %d bytes", n)
				}
				return
			}
			if k.want != "" {
				t.Fatalf("a tree, want %q", k.want)
			}
			for _, s := range statements[:min(len(statements), 10)] {
				checkSpans(t, k.text, s)
			}
		})
	}
}
