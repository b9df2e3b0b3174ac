package tpch

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// QGen draws parameters for query n by the rules of clause 2.4. Equal
// arguments give equal parameters. The draws are not those of the reference
// qgen, which the specification does not ask for.
func QGen(seed uint64, sf ScaleFactor, n int) Params {
	q := substitution{rand.New(rand.NewPCG(seed, uint64(n)))}
	switch n {
	case 1:
		return Params{"delta": q.integer(60, 120)}
	case 2:
		return Params{"size": q.integer(1, 50), "type": q.word(typeMetals), "region": q.word(regionNames)}
	case 3:
		return Params{"segment": q.word(segments), "date": "1995-03-" + q.padded(1, 31)}
	case 4:
		return Params{"date": q.month(1993, 1, 58)}
	case 5:
		return Params{"region": q.word(regionNames), "date": q.newYear()}
	case 6:
		return Params{"date": q.newYear(), "discount": "0." + q.padded(2, 9), "quantity": q.integer(24, 25)}
	case 7:
		pair := q.IntN(len(nationList) * (len(nationList) - 1))
		first, second := pair%len(nationList), pair/len(nationList)
		if second >= first {
			second++ // any nation but the first
		}
		return Params{"nation1": nationList[first].name, "nation2": nationList[second].name}
	case 8:
		nation := nationList[q.IntN(len(nationList))]
		return Params{"nation": nation.name, "region": regionNames[nation.region], "type": q.word(partTypes)}
	case 9:
		return Params{"color": q.word(colors)}
	case 10:
		return Params{"date": q.month(1993, 2, 24)}
	case 11:
		return Params{"nation": q.nation(), "fraction": stockFraction(sf)}
	default:
		return q.later(n)
	}
}

// later draws for queries 12 to 22.
func (q substitution) later(n int) Params {
	switch n {
	case 12:
		modes := q.Perm(len(shipModes))
		return Params{"shipmode1": shipModes[modes[0]], "shipmode2": shipModes[modes[1]], "date": q.newYear()}
	case 13:
		return Params{
			"word1": q.word(equal(" ", "special pending unusual express")),
			"word2": q.word(equal(" ", "packages requests accounts deposits")),
		}
	case 14:
		return Params{"date": q.month(1993, 1, 60)}
	case 15:
		return Params{"date": q.month(1993, 1, 58)}
	case 16:
		twoSyllables := q.word(product(typeSizes, typeFinishes))
		return numberedParams(Params{"brand": q.brand(), "type": twoSyllables}, "size", q.distinct(1, 50, 8)...)
	case 17:
		return Params{"brand": q.brand(), "container": q.word(containers)}
	case 18:
		return Params{"quantity": q.integer(312, 315)}
	case 19:
		return Params{
			"brand1": q.brand(), "brand2": q.brand(), "brand3": q.brand(),
			"quantity1": q.integer(1, 10), "quantity2": q.integer(10, 20), "quantity3": q.integer(20, 30),
		}
	case 20:
		return Params{"color": q.word(colors), "date": q.newYear(), "nation": q.nation()}
	case 21:
		return Params{"nation": q.nation()}
	case 22:
		return numberedParams(Params{}, "code", q.distinct(10, 34, 7)...)
	default:
		panic(fmt.Sprintf("tpch: no query %d", n))
	}
}

// substitution draws single values.
type substitution struct{ *rand.Rand }

func (q substitution) between(lo, hi int) int { return lo + q.IntN(hi-lo+1) }

func (q substitution) integer(lo, hi int) string { return strconv.Itoa(q.between(lo, hi)) }

func (q substitution) padded(lo, hi int) string { return fmt.Sprintf("%02d", q.between(lo, hi)) }

func (q substitution) word(words wordList) string { return words[q.IntN(len(words))] }

func (q substitution) nation() string { return nationList[q.IntN(len(nationList))].name }

func (q substitution) brand() string { return "Brand#" + q.integer(1, 5) + q.integer(1, 5) }

// newYear is the first of January of 1993 to 1997.
func (q substitution) newYear() string { return q.integer(1993, 1997) + "-01-01" }

// month is the first day of one of the months that follow the given one, it
// included.
func (q substitution) month(year, month, months int) string {
	m := month - 1 + q.IntN(months)
	return fmt.Sprintf("%04d-%02d-01", year+m/12, m%12+1)
}

// distinct draws count different numbers.
func (q substitution) distinct(lo, hi, count int) []string {
	values := make([]string, count)
	for i, offset := range q.Perm(hi - lo + 1)[:count] {
		values[i] = strconv.Itoa(lo + offset)
	}
	return values
}
