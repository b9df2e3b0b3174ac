package tpch

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
)

// Queries is the number of queries; they count from 1.
const Queries = 22

// Params are the substitution parameters of a query by name, without quotes.
type Params map[string]string

// The texts are those of clause 2.4 with {name} for a parameter. Where the
// specification asks for the first rows only, they end in LIMIT.
//
//go:embed queries/*.sql
var queryFiles embed.FS

// Query returns the text of query n, 1 to Queries, without a final semicolon.
// Parameters that params lacks take their validation value for scale factor 1;
// only query 11 depends on the scale, see Validation.
func Query(n int, params Params) string {
	template, err := queryFiles.ReadFile(queryFile(n))
	if err != nil {
		panic(fmt.Sprintf("tpch: no query %d", n))
	}
	values := Validation(n, ScaleFactor{unscaled: 1})
	maps.Copy(values, params)
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(string(template))
}

func queryFile(n int) string { return fmt.Sprintf("queries/q%02d.sql", n) }

// validationFile holds the parameters of the specification's answers by query
// number. It is a file because the script that makes the answers reads it too.
//
//go:embed queries/validation.json
var validationFile []byte

// Validation returns the parameters that the stored answers are for.
func Validation(n int, sf ScaleFactor) Params {
	var all map[int]Params
	if err := json.Unmarshal(validationFile, &all); err != nil || all[n] == nil {
		panic(fmt.Sprintf("tpch: no validation parameters of query %d: %v", n, err))
	}
	params := all[n]
	if n == 11 {
		params["fraction"] = stockFraction(sf)
	}
	return params
}

// stockFraction is 0.0001 / sf with ten places, as clause 2.4.11.3 has it.
func stockFraction(sf ScaleFactor) string {
	const perUnit, places = 10_000, 10
	fraction := new(big.Rat).SetFrac64(sf.divisor(), perUnit)
	fraction.Quo(fraction, new(big.Rat).SetInt64(sf.unscaled))
	return strings.TrimRight(fraction.FloatString(places), "0")
}

// numberedParams adds name1, name2 and so on.
func numberedParams(params Params, name string, values ...string) Params {
	for i, value := range values {
		params[fmt.Sprint(name, i+1)] = value
	}
	return params
}
