package expr

import "testing"

// FuzzParseValue checks that no text makes an input function panic, and that what
// is read prints as text that reads as the same value.
func FuzzParseValue(f *testing.F) {
	kinds := []Type{Of(Bool), Of(Int4), NumericOf(20, 5), Of(Float8), Of(Float4), Of(Bytea), Of(Date), Of(Time), Of(Timestamp),
		Of(TimestampTZ), Of(Interval), {Kind: Char, Length: 4}, {Kind: Text, Length: 3}}
	for i, s := range []string{"t", "-12", "1.5e3", "NaN", "0x1p3", `\x4142`, "1998-12-01", "10:30 PM", "Dec 1, 1998 10:00 BC",
		"1998-12-01T10:30:15.5+05:30", "1 year -2 mons 3 days 04:05:06.7", "P1Y2DT3H", "1-2 3 4:05", "@ 1 day ago", "äöüß", ""} {
		f.Add(s, uint8(i))
	}
	f.Fuzz(func(t *testing.T, s string, k uint8) {
		typ := kinds[int(k)%len(kinds)]
		v, err := ParseValue(s, typ)
		if err != nil {
			return
		}
		text := FormatValue(v, typ)
		again, err := ParseValue(text, typ)
		if err != nil || FormatValue(again, typ) != text {
			t.Fatalf("%q as %s prints %q, which reads as %v (%v)", s, typ, text, again, err)
		}
	})
}
