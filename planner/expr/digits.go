package expr

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// MaxDigits is the most digits of a second.
const MaxDigits = 6

// TimeOf is time(n), timestamp(n) or timestamptz(n). Of six digits it is the type without
// modifiers: the same values.
func TimeOf(k Kind, digits int) Type {
	if digits >= MaxDigits {
		return Of(k)
	}
	return Type{Kind: k, Precision: uint8(max(0, digits)) + 1}
}

// HasSeconds reports whether the type is a time, with or without a day.
func (t Type) HasSeconds() bool { return t.Kind >= Time && t.Kind <= TimestampTZ }

// Digits are those that the seconds of a time have; values are rounded to them when they
// get the type.
func (t Type) Digits() int {
	if t.Precision == 0 {
		return MaxDigits
	}
	return int(t.Precision) - 1
}

// WithoutDigits is a time with all digits of seconds there are, and any other type as it is.
func (t Type) WithoutDigits() Type {
	if t.HasSeconds() {
		t.Precision = 0
	}
	return t
}

// y2k is where PostgreSQL counts timestamps from: the half of a digit is rounded away from it.
const y2k = 946684800_000000

// Round brings microseconds to the digits of a time: as PostgreSQL's AdjustTimestampForTypmod
// and AdjustTimeForTypmod.
func (t Type) Round(micros int64) int64 {
	if !t.HasSeconds() || t.Digits() == MaxDigits {
		return micros
	}
	step := int64(1)
	for range MaxDigits - t.Digits() {
		step *= 10
	}
	if micros > math.MaxInt64-step || micros < math.MinInt64+step {
		return micros // no moment of SQL
	}
	origin := int64(y2k)
	if t.Kind == Time {
		origin = 0
	}
	rest := micros % step
	if rest < 0 {
		rest += step
	}
	if up := rest*2 > step || rest*2 == step && micros >= origin; up {
		return micros - rest + step
	}
	return micros - rest
}

// unit is the largest unit of Arrow that holds the digits of a time's seconds.
func (t Type) unit() arrow.TimeUnit {
	switch n := t.Digits(); {
	case n == 0:
		return arrow.Second
	case n <= 3:
		return arrow.Millisecond
	}
	return arrow.Microsecond
}

// digitsOf are the digits of seconds that a unit of Arrow has.
func digitsOf(unit arrow.TimeUnit) int {
	switch unit {
	case arrow.Second:
		return 0
	case arrow.Millisecond:
		return 3
	}
	return MaxDigits
}
