package wire

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func plan() physical.Node {
	return &physical.Values{Fields: []expr.Field{{Name: "a", Type: expr.Of(expr.Int8)}}, Tuples: [][]expr.Value{{{I: 7}}}}
}

// filler sets every field of a message to something else than zero, so that a field
// that is forgotten when a message is encoded is noticed, whenever it was added.
type filler struct {
	t    *testing.T
	next int64
}

func (f *filler) fill(v reflect.Value) {
	f.next++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(f.next, 5).UTC()))
		return
	case *physical.Exchange:
		key := &expr.Column{ID: 2, Typ: expr.Of(expr.Int8), Name: "k", Nullable: true}
		v.Set(reflect.ValueOf(&physical.Exchange{Kind: physical.HashSplit, Keys: []expr.Expr{key}}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.next))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(-f.next)
	case reflect.Uint8:
		v.SetUint(uint64(f.next))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Plan", "Profile": // one travels as Encoded, the other stays behind
			case "Err":
				e := &sqlerr.Error{Code: sqlerr.DivisionByZero, Span: sqlerr.Span{Start: 3, End: 9}, Msg: "division by zero", Hint: "Do not."}
				v.Field(i).Set(reflect.ValueOf(e))
			default:
				f.fill(v.Field(i))
			}
		}
	default:
		f.t.Fatalf("a message has a field of type %s: say how it travels", v.Type())
	}
}

func roundTrip(t *testing.T, m any) any {
	t.Helper()
	b, err := Codec{}.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Codec{}.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestEveryFieldOfEveryMessageCrosses(t *testing.T) {
	for _, m := range []any{&Run{}, &Stop{}, &Done{}, &Failed{}, &Abandon{}, &Check{}, &Sealed{}, &Free{}, &Committed{}, &Report{}} {
		if back := roundTrip(t, m); !reflect.DeepEqual(back, m) {
			t.Errorf("an empty message becomes\n%+v, not\n%+v", back, m)
		}
		(&filler{t: t}).fill(reflect.ValueOf(m).Elem())
		if back := roundTrip(t, m); !reflect.DeepEqual(back, m) {
			t.Errorf("sent\n%+v, arrived\n%+v", m, back)
		}
	}
}

func TestNoListIsAnotherThanAnEmptyOne(t *testing.T) {
	m := &Run{Tasks: []Task{{Files: []physical.File{}}, {Files: []physical.File{{RowGroups: []int{}}, {}}},
		{Followers: [][]physical.File{nil, {}}}}}
	if back := roundTrip(t, m); !reflect.DeepEqual(back, m) {
		t.Errorf("sent\n%+v, arrived\n%+v", m, back)
	}
}

func TestAPlanTravelsAsSubstrait(t *testing.T) {
	back := roundTrip(t, &Run{Plan: plan()}).(*Run)
	if back.Plan != nil || len(back.Encoded) == 0 {
		t.Errorf("the plan arrives as %v and %d bytes", back.Plan, len(back.Encoded))
	}
}

func TestEveryDistributionCrosses(t *testing.T) {
	computed := &expr.Column{ID: 0, Typ: expr.Of(expr.Text), Name: "s"}
	k := &expr.Column{ID: 1, Typ: expr.Of(expr.Date), Name: "d"}
	number := func(i int64) expr.Expr { return expr.NewLiteral(expr.Int(i), expr.Of(expr.Int4)) }
	ranges := &expr.Case{Whens: []expr.When{{Cond: expr.Compare(expr.OpLt, k, expr.NewLiteral(expr.Value{I: 9000}, k.Typ)), Result: number(1)}},
		Else: number(0), Typ: expr.Of(expr.Int4)}
	for _, x := range []*physical.Exchange{{Kind: physical.RangeSplit, Keys: []expr.Expr{ranges}}, {Kind: physical.Gather}, {Kind: physical.Broadcast}, {Kind: physical.RoundRobin},
		{Kind: physical.HashSplit, Keys: []expr.Expr{computed, &expr.Column{ID: 40, Typ: expr.Of(expr.Date), Name: "d"}}}} {
		m := &Run{Outputs: []OutputEdge{{Edge: 1, Partitions: 4, Exchange: x}}}
		if back := roundTrip(t, m); !reflect.DeepEqual(back, m) {
			t.Errorf("sent %+v, arrived %+v", x, back.(*Run).Outputs[0].Exchange)
		}
	}
}

func TestAnErrorKeepsWhatAUserSees(t *testing.T) {
	inner := sqlerr.At(sqlerr.DivisionByZero, sqlerr.Span{Start: 3, End: 9}, "division by zero").WithHint("Do not.")
	got := roundTrip(t, &Failed{Err: sqlerr.Wrap(inner, "scan t")}).(*Failed).Err
	want := &sqlerr.Error{Code: sqlerr.DivisionByZero, Span: sqlerr.Span{Start: 3, End: 9}, Msg: "scan t: division by zero", Hint: "Do not."}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("arrived %#v", got)
	}
	for _, c := range []struct {
		err  error
		code sqlerr.Code
	}{{context.Canceled, sqlerr.QueryCanceled}, {errors.New("anything"), sqlerr.InternalError}} {
		got := roundTrip(t, &Failed{Err: c.err}).(*Failed).Err
		if sqlerr.CodeOf(got) != c.code || got.Error() != c.err.Error() {
			t.Errorf("%v arrives as %s %v", c.err, sqlerr.CodeOf(got), got)
		}
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	good, err := Codec{}.Encode(&Stop{Query: "q1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"one byte":        {version},
		"another version": append([]byte{version + 1}, good[1:]...),
		"another kind":    append([]byte{version, 99}, good[2:]...),
		"a cut message":   good[:len(good)-1],
		"another field":   append(good[:len(good):len(good)], 0x7a, 0),
		"another type":    {version, byte(kindStop), 0x08, 2},
		"a tag that ends": {version, byte(kindStop), 0x80},
		"fixed width":     {version, byte(kindStop), 0x0d, 0, 0, 0, 0},
	} {
		if m, err := (Codec{}).Decode(b); sqlerr.CodeOf(err) != sqlerr.InvalidMessage {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	if _, err := (Codec{}).Encode("a text"); sqlerr.CodeOf(err) != sqlerr.InternalError {
		t.Errorf("a text is encoded: %v", err)
	}
}

// FuzzDecode holds that any bytes are refused or are a message that is encoded again.
func FuzzDecode(f *testing.F) {
	for _, m := range []any{&Run{Query: "q", Plan: plan(), Tasks: []Task{{Index: 1, Files: []physical.File{{Path: "p", RowGroups: []int{1}}}}},
		Outputs: []OutputEdge{{Exchange: &physical.Exchange{Kind: physical.Gather}}}}, &Stop{"q"}, &Done{Tasks: []int{1, 2}}, &Failed{Err: errors.New("e")}} {
		b, err := Codec{}.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Codec{}.Decode(b)
		if err != nil {
			if c := sqlerr.CodeOf(err); c != sqlerr.InvalidMessage && c != sqlerr.InvalidPlan && c != sqlerr.FeatureNotSupported {
				t.Fatalf("%s: %v", c, err)
			}
			return
		}
		if _, err := (Codec{}).Encode(m); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
