package eval

import (
	"strings"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// numberPattern is a numeric template taken apart.
type numberPattern struct {
	whole         []string // "9", "0", "," and, in quotes, literals between them
	frac          []byte   // '9' and '0'
	fill          bool     // FM: no padding
	sign          byte     // 0: before the number; 'S' anchored; 'M' MI; 'R' PR; 'P' PL; 'G' SG
	signFirst     bool
	point         bool
	suffix, front string
	ordinal       string // TH or th
}

func parseNumberPattern(p string) (numberPattern, error) {
	var n numberPattern
	for i := 0; i < len(p); {
		rest := strings.ToUpper(p[i:])
		switch {
		case strings.HasPrefix(rest, "FM"):
			n.fill = true
			i += 2
			continue
		case strings.HasPrefix(rest, "MI"):
			n.setSign('M')
			i += 2
			continue
		case strings.HasPrefix(rest, "PR"):
			n.setSign('R')
			i += 2
			continue
		case strings.HasPrefix(rest, "PL"):
			n.setSign('P')
			i += 2
			continue
		case strings.HasPrefix(rest, "SG"):
			n.setSign('G')
			i += 2
			continue
		case strings.HasPrefix(rest, "TH"):
			n.ordinal = p[i : i+2]
			i += 2
			continue
		case rest[0] == 'S':
			n.setSign('S')
			i++
			continue
		case strings.HasPrefix(rest, "EEEE"), strings.HasPrefix(rest, "RN"), rest[0] == 'V':
			return n, sqlerr.New(sqlerr.FeatureNotSupported, "to_char pattern %q is not supported", p)
		case rest[0] == '9' || rest[0] == '0':
			if n.point {
				n.frac = append(n.frac, rest[0])
			} else {
				n.whole = append(n.whole, rest[:1])
			}
		case rest[0] == '.' || rest[0] == 'D':
			if n.point {
				return n, sqlerr.New(sqlerr.SyntaxError, "multiple decimal points")
			}
			n.point = true
		case rest[0] == ',' || rest[0] == 'G':
			n.whole = append(n.whole, ",")
		case rest[0] == 'L' || rest[0] == '$' || rest[0] == '"' || rest[0] == ' ' || rest[0] == '%' || rest[0] == '-':
			text, k := literalText(p[i:])
			if rest[0] == 'L' {
				text = " "
			}
			switch {
			case len(n.whole) == 0 && !n.point:
				n.front += text
			case !n.point && strings.ContainsAny(p[i+k:], "09"):
				n.whole = append(n.whole, `"`+text)
			default:
				n.suffix += text
			}
			i += k
			continue
		default:
			n.suffix += p[i : i+1]
		}
		i++
	}
	return n, nil
}

func (n *numberPattern) setSign(c byte) {
	n.sign, n.signFirst = c, len(n.whole) == 0 && !n.point
}

// formatNumber is to_char of v × 10^-scale.
func formatNumber(pattern string, v vector.I128, scale int) (string, error) {
	n, err := parseNumberPattern(pattern)
	if err != nil {
		return "", err
	}
	v, ok := kernel.Rescale(v, scale, len(n.frac))
	if !ok {
		return "", numericOverflow()
	}
	negative := v.Hi < 0
	if negative {
		v = kernel.Neg128(v)
	}
	text := expr.FormatDecimal(kernel.BigOf(v), len(n.frac))
	digits, frac, _ := strings.Cut(text, ".")
	room := 0
	for _, c := range n.whole {
		if c == "9" || c == "0" {
			room++
		}
	}
	overflow := len(digits) > room && (digits != "0")
	if digits == "0" {
		digits = ""
	}
	body, lead := n.wholeDigits(digits, room, overflow)
	if n.point {
		body += "." + n.fraction(frac, overflow)
	}
	return n.assemble(body, lead, negative), nil
}

// wholeDigits fills the digits before the point; lead is the blanks in front.
func (n *numberPattern) wholeDigits(digits string, room int, overflow bool) (body string, lead int) {
	if !overflow {
		digits = strings.Repeat(" ", room-len(digits)) + digits
	}
	started, k := false, 0
	var b strings.Builder
	for i, c := range n.whole {
		switch {
		case c[0] == '"':
			b.WriteString(c[1:])
		case c == "," && started:
			b.WriteByte(',')
		case c == ",":
			lead++
		case overflow:
			started = true
			b.WriteByte('#')
		case digits[k] != ' ' || started || c == "0":
			started = true
			if digits[k] == ' ' {
				b.WriteByte('0')
			} else {
				b.WriteByte(digits[k])
			}
		case i == len(n.whole)-1 && !n.point:
			b.WriteByte('0') // plain zero shows a digit
		default:
			lead++
		}
		if c == "9" || c == "0" {
			k++
		}
	}
	return b.String(), lead
}

// fraction is the digits behind the point; with FM, nines drop their zeros.
func (n *numberPattern) fraction(frac string, overflow bool) string {
	if overflow {
		return strings.Repeat("#", len(n.frac))
	}
	if n.fill {
		keep := strings.LastIndexByte(string(n.frac), '0') + 1
		for len(frac) > keep && frac[len(frac)-1] == '0' {
			frac = frac[:len(frac)-1]
		}
	}
	return frac
}

func (n *numberPattern) assemble(body string, lead int, negative bool) string {
	sign, blank := "", " "
	if negative {
		sign, blank = "-", "-"
	}
	if n.ordinal != "" && !n.point {
		body += ordinalOf(body, n.ordinal)
	}
	padding := strings.Repeat(" ", lead)
	if n.fill {
		padding, blank = "", sign
	}
	plus := sign
	if !negative {
		plus = "+"
	}
	switch {
	case n.sign == 'S' && n.signFirst:
		body = padding + plus + body
	case n.sign == 'S':
		body = padding + body + plus
	case n.sign == 'G' && n.signFirst:
		body = plus + padding + body
	case n.sign == 'G':
		body = padding + body + plus
	case n.sign == 'M' && n.signFirst:
		body = blank + padding + body
	case n.sign == 'M':
		body = padding + body + blank
	case n.sign == 'R' && negative:
		body = padding + "<" + body + ">"
	case n.sign == 'R' && n.fill:
	case n.sign == 'R':
		body = " " + padding + body + " "
	case n.sign == 'P' && n.signFirst:
		body = n.plusSign(negative) + padding + blank + body
	case n.sign == 'P':
		body = padding + blank + body + n.plusSign(negative)
	default:
		body = padding + blank + body
	}
	return n.front + body + n.suffix
}

func (n *numberPattern) plusSign(negative bool) string {
	switch {
	case !negative:
		return "+"
	case n.fill:
		return ""
	}
	return " "
}

// ordinalOf is the English ending of a number, in the case of like.
func ordinalOf(digits, like string) string {
	digits = strings.TrimSpace(digits)
	end := "th"
	teen := len(digits) > 1 && digits[len(digits)-2] == '1'
	if digits != "" && !teen {
		switch digits[len(digits)-1] {
		case '1':
			end = "st"
		case '2':
			end = "nd"
		case '3':
			end = "rd"
		}
	}
	if like == "TH" {
		return strings.ToUpper(end)
	}
	return end
}
