package tpch

import (
	"sync"
	"unsafe"
	"weak"
)

// The comment columns are substrings of one pool of pseudo text, produced by
// the grammar of clause 4.2.2.14 from a single random stream.

const (
	textPoolBytes = 300 << 20
	// A sentence may run over the end of the pool before it is cut off.
	sentenceReserve = 4 << 10
)

type textPool struct{ text string }

// poolCache lets generators that run at the same time share the pool, and
// lets the collector have it as soon as none of them needs it: a server that
// once generated data must not keep 300 MiB.
type poolCache struct {
	mu   sync.Mutex
	pool weak.Pointer[textPool]
}

var sharedPool poolCache

func (c *poolCache) get() *textPool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pool := c.pool.Value(); pool != nil {
		return pool
	}
	pool := newTextPool(textPoolBytes)
	c.pool = weak.Make(pool)
	return pool
}

func newTextPool(size int) *textPool {
	w := textWriter{
		random:  newStream(933588178, 0),
		out:     make([]byte, 0, size+sentenceReserve),
		grammar: newGrammar(),
	}
	for len(w.out) < size {
		w.sentence()
	}
	return &textPool{unsafe.String(unsafe.SliceData(w.out), size)}
}

// grammar holds the symbols and words of the pseudo text. Words carry the
// space that follows them.
type grammar struct {
	sentences, nounPhrases, verbPhrases    wordList
	nouns, verbs, adjectives, adverbs      wordList
	auxiliaries, prepositions, terminators wordList
}

func newGrammar() grammar {
	return grammar{
		// N noun phrase, V verb phrase, P prepositional phrase, T terminator.
		sentences: weighted("", "NVT*3|NVPT*3|NVNT*3|NPVNT|NPVPT"),
		// D adverb, J adjective, N noun, V verb, X auxiliary; a comma takes
		// the place of the space before it.
		nounPhrases: weighted("", "N*10|JN*20|J,JN*10|DJN*50"),
		verbPhrases: weighted("", "V*30|XV|VD*40|XVD"),
		nouns: weighted(" ", "packages*40|requests*40|accounts*40|deposits*40|foxes*20|ideas*20|theodolites*20|"+
			"pinto beans*20|instructions*20|dependencies*10|excuses*10|platelets*10|asymptotes*10|courts*5|"+
			"dolphins*5|multipliers|sauternes|warthogs|frets|dinos|attainments|somas|Tiresias|patterns|forges|"+
			"braids|frays|warhorses|dugouts|notornis|epitaphs|pearls|tithes|waters|orbits|gifts|sheaves|depths|"+
			"sentiments|decoys|realms|pains|grouches|escapades|hockey players"),
		verbs: weighted(" ", "sleep*20|wake*20|are*20|cajole*20|haggle*20|nag*10|use*10|boost*10|affix*5|detect*5|"+
			"integrate*5|maintain|nod|was|lose|sublate|solve|thrash|promise|engage|hinder|print|x-ray|breach|eat|"+
			"grow|impress|mold|poach|serve|run|dazzle|snooze|doze|unwind|kindle|play|hang|believe|doubt"),
		adjectives: weighted(" ", "special*20|pending*20|unusual*20|express*20|furious|sly|careful|blithe|quick|"+
			"fluffy|slow|quiet|ruthless|thin|close|dogged|daring|brave|stealthy|permanent|enticing|idle|busy|"+
			"regular*50|final*40|ironic*40|even*30|bold*20|silent*10"),
		adverbs: weighted(" ", "sometimes|always|never|furiously*50|slyly*50|carefully*50|blithely*40|quickly*30|"+
			"fluffily*20|slowly|quietly|ruthlessly|thinly|closely|doggedly|daringly|bravely|stealthily|"+
			"permanently|enticingly|idly|busily|regularly|finally|ironically|evenly|boldly|silently"),
		auxiliaries: weighted(" ", "do|may|might|shall|will|would|can|could|should|ought to|must|will have to|"+
			"shall have to|could have to|should have to|must have to|need to|try to"),
		prepositions: weighted(" the ", "about*50|above*50|according to*50|across*50|after*50|against*40|along*40|"+
			"alongside of*30|among*30|around*20|at*10|atop|before|behind|beneath|beside|besides|between|beyond|by|"+
			"despite|during|except|for|from|in place of|inside|instead of|into|near|of|on|outside|over|past|since|"+
			"through|throughout|to|toward|under|until|up|upon|whithout|with|within"),
		terminators: weighted(" ", ".*50|;|:|?|!|--"),
	}
}

type textWriter struct {
	random  stream
	out     []byte
	grammar grammar
}

func (w *textWriter) sentence() {
	for _, symbol := range []byte(w.grammar.sentences.pick(&w.random)) {
		switch symbol {
		case 'N':
			w.phrase(w.grammar.nounPhrases)
		case 'V':
			w.phrase(w.grammar.verbPhrases)
		case 'P':
			w.word(w.grammar.prepositions)
			w.phrase(w.grammar.nounPhrases)
		case 'T':
			w.out = w.out[:len(w.out)-1] // the space before the full stop
			w.word(w.grammar.terminators)
		}
	}
}

func (w *textWriter) phrase(phrases wordList) {
	for _, symbol := range []byte(phrases.pick(&w.random)) {
		switch symbol {
		case 'N':
			w.word(w.grammar.nouns)
		case 'V':
			w.word(w.grammar.verbs)
		case 'J':
			w.word(w.grammar.adjectives)
		case 'D':
			w.word(w.grammar.adverbs)
		case 'X':
			w.word(w.grammar.auxiliaries)
		case ',':
			w.out = append(w.out[:len(w.out)-1], ", "...)
		}
	}
}

func (w *textWriter) word(words wordList) {
	w.out = append(w.out, words.pick(&w.random)...)
}

// textStream draws comments of 0.4 to 1.6 times the mean length.
type textStream struct {
	stream
	pool           *textPool
	minLen, maxLen int64
}

func newTextStream(seed, perRow, meanLen int64, pool *textPool) textStream {
	return textStream{newStream(seed, 2*perRow), pool, meanLen * 4 / 10, meanLen * 16 / 10}
}

func (s *textStream) next() string {
	start := s.between(0, int64(len(s.pool.text))-s.maxLen)
	return s.pool.text[start : start+s.between(s.minLen, s.maxLen)]
}
