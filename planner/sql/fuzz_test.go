package sql

import (
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
)

// FuzzParse holds that no text panics, that spans lie on tokens and nest, and that
// an error's span lies within the text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"select a + b/0 from t where x in (1, (2)) and not exists ((select 1)) order by 1 limit 2",
		"select * from ((select 1) x join ((select 2) union (select 3) order by 1) y on true) join (((select 4))) z using (a)",
		"with r as (values (1, ?)) insert into t (a) select cast(a as numeric(3, 2))::interval(3) from r returning *",
		"create external table t (a int) stored as parquet location 'x' with (a = 1)",
		"select case a when 1 then - -1 end, array[[1], [2]][1:], (x).y.*, sum(a) filter (where b) over (order by c rows 1 preceding)",
		"select e'\\'' 'x' $a$ ? $a$ /* /* */ */ a=?, \"b\".*, u&'\\0041' uescape '!', interval '1' year to month -- x",
		"explain (analyze, format substrait) update t set (a, b) = (1, 2), c = default where current_date is not distinct from d",
		"select grouping(a) from t group by rollup (a, (b)), grouping sets ((), cube (c)), () having a like b escape 'c'",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Complete(text)
		statements, err := Parse(text)
		if err != nil {
			sqlerr.Render(err, text)
			e, ok := err.(*sqlerr.Error)
			if !ok {
				t.Fatalf("%q: error of type %T", text, err)
			}
			if e.Span.Start < 0 || int(e.Span.End) > len(text) {
				t.Fatalf("%q: error span %v", text, e.Span)
			}
			return
		}
		for _, s := range statements {
			checkSpans(t, text, s)
			Params(s)
			Format(s)
		}
	})
}
