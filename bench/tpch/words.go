package tpch

import (
	"strconv"
	"strings"
)

// The word lists of the specification, clause 4.2.2.13 and 4.2.2.14. A
// wordList repeats a word as often as its weight says, so a draw is one lookup.
type wordList []string

func (w wordList) pick(s *stream) string {
	return w[int(s.fraction()*float64(len(w)))]
}

// equal splits words that are all as likely as one another.
func equal(separator, words string) wordList { return strings.Split(words, separator) }

// weighted reads "word*weight" pairs separated by "|", a weight of 1 left out,
// and adds suffix to every word.
func weighted(suffix, pairs string) wordList {
	var list wordList
	for pair := range strings.SplitSeq(pairs, "|") {
		word, weight := pair, 1
		if at := strings.LastIndexByte(pair, '*'); at >= 0 {
			word = pair[:at]
			weight, _ = strconv.Atoi(pair[at+1:])
		}
		for range weight {
			list = append(list, word+suffix)
		}
	}
	return list
}

// product joins every word of a with every word of b, the latter running
// fastest.
func product(a, b wordList) wordList {
	list := make(wordList, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			list = append(list, x+" "+y)
		}
	}
	return list
}

// nation is one row of the fixed table of nations; its key is its position.
type nation struct {
	name   string
	region int64
}

var (
	regionNames = equal("|", "AFRICA|AMERICA|ASIA|EUROPE|MIDDLE EAST")

	nationList = []nation{
		{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4},
		{"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3}, {"INDIA", 2}, {"INDONESIA", 2},
		{"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0},
		{"MOROCCO", 0}, {"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3},
		{"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3}, {"UNITED KINGDOM", 3}, {"UNITED STATES", 1},
	}

	segments     = equal(" ", "AUTOMOBILE BUILDING FURNITURE HOUSEHOLD MACHINERY")
	priorities   = equal("|", "1-URGENT|2-HIGH|3-MEDIUM|4-NOT SPECIFIED|5-LOW")
	instructions = equal("|", "DELIVER IN PERSON|COLLECT COD|TAKE BACK RETURN|NONE")
	shipModes    = equal("|", "REG AIR|AIR|RAIL|TRUCK|MAIL|FOB|SHIP")
	returnFlags  = equal(" ", "R A")

	typeFinishes = equal(" ", "ANODIZED BURNISHED PLATED POLISHED BRUSHED")
	typeSizes    = equal(" ", "STANDARD SMALL MEDIUM LARGE ECONOMY PROMO")
	typeMetals   = equal(" ", "TIN NICKEL BRASS STEEL COPPER")
	partTypes    = product(product(typeSizes, typeFinishes), typeMetals)
	containers   = product(equal(" ", "SM LG MED JUMBO WRAP"), equal(" ", "CASE BOX BAG JAR PACK PKG CAN DRUM"))

	colors = equal(" ", "almond antique aquamarine azure beige bisque black blanched blue blush brown "+
		"burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim "+
		"dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian "+
		"ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint "+
		"misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple "+
		"red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle "+
		"tomato turquoise violet wheat white yellow")
)
