package eval

import (
	"testing"
	"time"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// FuzzTemplates checks that no template or pattern makes a function panic.
func FuzzTemplates(f *testing.F) {
	for _, s := range []string{"YYYY-MM-DD HH24:MI:SS.US", "FMDay, DDth Month", "S9,999.99MI", "FM0.99PR", `"x"Y,YYY TH`, "%Y-%m-%d %H:%M:%S.%f %z", "%c %j %p", "9 9\"a", "(a|b)%[", `\`} {
		f.Add(s, "1998-12-01", int64(912508215123456))
	}
	f.Fuzz(func(t *testing.T, pattern, s string, n int64) {
		_, _ = parsePattern(s, pattern)
		_, _, _ = parseTime(s, pattern)
		_, _ = appendTime(nil, time.UnixMicro(n).UTC(), pattern, 0)
		_, _ = formatNumber(pattern, vector.I128{Lo: uint64(n), Hi: n >> 40}, 6)
		_ = formatMoment(pattern, momentOf(n, true))
		_ = formatMoment(pattern, momentOfInterval(vector.MonthDayMicro{Months: int32(n), Days: int32(n >> 32), Micros: n}))
		text := func(s string) expr.Expr { return expr.NewLiteral(expr.Str(s), expr.Of(expr.Text)) }
		for _, name := range []string{"~", "like", "similar_to_escape", "format", "split_part", "translate", "overlay", "regexp_replace", "decode", "lpad"} {
			args := []expr.Expr{text(s), text(pattern)}
			switch name {
			case "similar_to_escape":
				args = args[1:]
			case "format":
				args = []expr.Expr{text(pattern), text(s), text(s)}
			case "split_part", "overlay":
				args = append(args, expr.NewLiteral(expr.Int(int64(int8(n))), expr.Of(expr.Int4)))
			case "translate", "regexp_replace":
				args = append(args, text(s))
			case "lpad":
				args = []expr.Expr{text(s), expr.NewLiteral(expr.Int(int64(int8(n))), expr.Of(expr.Int4)), text(pattern)}
			}
			_, _ = Constant(bindCall(name, args...))
		}
	})
}
