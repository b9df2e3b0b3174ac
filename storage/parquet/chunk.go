package parquet

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// chunk reads the pages of one column of a row group, forwards. The compressed
// pages are in raw, all of them; one decoded page is kept at a time.
type chunk struct {
	file     *File
	scan     *Scan
	rowGroup int
	leaf     *leaf
	meta     *chunkMeta
	nested   bool // part of a field that is assembled from levels

	raw    []byte
	mapped bool  // raw is a view of a mapping, to be read inside Guard
	own    arena // the slab of raw otherwise

	pages    []pageRef
	dictPage *pageRef
	dict     *dictionary
	allDict  bool // every data page is dictionary encoded

	current int // number of the decoded page, -1 for none
	page    page

	cached *cachedChunk // nil: not kept
	lent   []*page      // decoded pages of it, by number
	whole  bool         // lent are all pages: raw is not needed
}

// pageRef is where a page is and what its header says.
type pageRef struct {
	header  pageHeader
	body    int // offset of its content in raw
	first   int // number of its first value in the chunk: of its first row when flat
	decoded bool
}

// page is a decoded page. Flat fields have a column of all rows; others have
// levels and a column of the values that are there.
type page struct {
	col      vector.Column
	def, rep []uint8 // nil where the highest level is 0
	values   int     // nulls included
	arena    arena
}

// wrap says where an error happened.
func (c *chunk) wrap(err error) error {
	if err == nil {
		return nil
	}
	return sqlerr.Wrap(err, "file %q row group %d column %q", c.file.info.Path, c.rowGroup, c.leaf.path)
}

func (c *chunk) guard(read func() error) error {
	if !c.mapped {
		return read()
	}
	return object.Guard(c.file.info.Path, read)
}

// index finds the pages by walking over their headers; no page is decompressed.
func (c *chunk) index() error {
	return c.wrap(c.guard(c.walkHeaders))
}

func (c *chunk) walkHeaders() error {
	c.current, c.allDict = -1, true
	seen, limit := 0, c.meta.values
	for pos := 0; int64(seen) < limit; {
		if pos >= len(c.raw) {
			return bad("the pages hold %d values, the footer says %d", seen, limit)
		}
		h, size, err := readPageHeader(c.raw[pos:])
		if err != nil {
			return badCause(err, "a page header that cannot be read")
		}
		ref := pageRef{header: h, body: pos + size, first: seen}
		if int(h.compressed) > len(c.raw)-ref.body {
			return bad("a page of %d bytes where %d are left", h.compressed, len(c.raw)-ref.body)
		}
		if int64(h.uncompressed) > (int64(h.compressed)+64)*maxRatio(c.meta.codec) {
			return bad("a page of %d bytes that says it unpacks to %d", h.compressed, h.uncompressed)
		}
		pos = ref.body + int(h.compressed)
		switch h.kind {
		case pageDictionary:
			if c.dictPage != nil || len(c.pages) > 0 {
				return bad("a dictionary page that is not the first")
			}
			c.dictPage = &ref
		case pageData, pageDataV2:
			if int64(seen)+int64(h.values) > limit {
				return bad("the pages hold more values than the %d of the footer", limit)
			}
			c.allDict = c.allDict && isDictionary(h.encoding)
			c.pages = append(c.pages, ref)
			seen += int(h.values)
		}
	}
	c.allDict = c.allDict && c.dictPage != nil
	return nil
}

func isDictionary(encoding int32) bool {
	return encoding == encPlainDictionary || encoding == encRLEDictionary
}

// loadDictionary decodes the dictionary page, once.
func (c *chunk) loadDictionary() error {
	if c.dict != nil {
		return nil
	}
	if c.dictPage == nil {
		return c.wrap(bad("dictionary codes without a dictionary"))
	}
	h := &c.dictPage.header
	d := &dictionary{entries: int(h.values), width: codeWidth(int(h.values)), arena: newArena(c.scan)}
	values, err := c.decodeDictionary(d)
	if err != nil {
		d.arena.release()
		return c.wrap(err)
	}
	d.dict = &vector.Dict{Values: values}
	if c.cached != nil {
		d = c.cached.keepDict(d)
	}
	c.dict = d
	return nil
}

func (c *chunk) decodeDictionary(d *dictionary) (vector.Column, error) {
	if e := c.dictPage.header.encoding; e != encPlain && e != encPlainDictionary {
		return vector.Column{}, wrongEncoding(e, c.leaf.phys)
	}
	if d.entries == 0 { // codes under nulls need an entry to point to
		zero, err := d.arena.bytes(16)
		clear(zero)
		return vector.Column{Kind: c.leaf.kind, Len: 1, Data: zero}, err
	}
	body, err := c.content(c.dictPage, &d.arena)
	if err != nil {
		return vector.Column{}, err
	}
	return decodeValues(&d.arena, c.leaf, encPlain, body, d.entries)
}

// content is the decompressed body of a page, in memory of the arena.
func (c *chunk) content(ref *pageRef, a *arena) ([]byte, error) {
	h := &ref.header
	out, err := a.bytes(int(h.uncompressed))
	if err != nil {
		return nil, err
	}
	levels := 0
	if h.kind == pageDataV2 {
		levels = int(h.repBytes) + int(h.defBytes)
		if h.repBytes < 0 || h.defBytes < 0 || levels > int(min(h.compressed, h.uncompressed)) {
			return nil, bad("levels of %d bytes in a page of %d", levels, h.uncompressed)
		}
	}
	codec := c.meta.codec
	if h.uncompressedV2 {
		codec = codecNone
	}
	err = c.guard(func() error {
		in := c.raw[ref.body : ref.body+int(h.compressed)]
		copy(out[:levels], in)
		if h.kind == pageDataV2 && levels == len(out) {
			return nil // no values: some writers compress nothing to something
		}
		return c.file.codecs.decompress(codec, out[levels:], in[levels:])
	})
	c.scan.count(bytesRead, int64(h.compressed))
	return out, err
}

// load decodes page i and gives up the one before.
func (c *chunk) load(i int) (*page, error) {
	if c.current == i {
		return &c.page, nil
	}
	ref := &c.pages[i]
	if i < len(c.lent) && c.lent[i] != nil {
		c.drop()
		c.page, c.current, ref.decoded = *c.lent[i].share(), i, true
		c.scan.count(pagesCached, 1)
		return &c.page, nil
	}
	if isDictionary(ref.header.encoding) {
		if err := c.loadDictionary(); err != nil {
			return nil, err
		}
	}
	c.drop()
	c.page = page{arena: newArena(c.scan), values: int(ref.header.values)}
	ref.decoded = true
	if err := c.decode(ref, &c.page); err != nil {
		c.page.arena.release()
		return nil, c.wrap(err)
	}
	if c.cached != nil {
		c.cached.keepPage(c, i)
	}
	c.current = i
	return &c.page, nil
}

func (c *chunk) decode(ref *pageRef, p *page) error {
	h := &ref.header
	under := &p.arena
	if isDictionary(h.encoding) { // nothing of it stays: codes and levels are unpacked
		passing := newArena(c.scan)
		defer passing.release()
		under = &passing
	}
	body, err := c.content(ref, under)
	if err != nil {
		return err
	}
	l, n := c.leaf, int(h.values)
	repLevels, defLevels, data, defEncoding, err := splitPage(h, body, l)
	if err != nil {
		return err
	}
	if !c.nested {
		return c.decodeFlat(p, h, defLevels, data, defEncoding)
	}
	if p.rep, err = levelBytes(&p.arena, repLevels, h.repEncoding(), n, l.maxRep); err != nil {
		return err
	}
	if p.def, err = levelBytes(&p.arena, defLevels, defEncoding, n, l.maxDef); err != nil {
		return err
	}
	there := n
	if p.def != nil {
		there = 0
		for _, d := range p.def {
			if int(d) == l.maxDef {
				there++
			}
		}
	}
	p.col, err = c.decodeColumn(p, h.encoding, data, there)
	return err
}

func (c *chunk) decodeFlat(p *page, h *pageHeader, levels, data []byte, encoding int32) error {
	n := int(h.values)
	there, valid := n, vector.Bitmap(nil)
	var err error
	if c.leaf.maxDef == 1 {
		if valid, there, err = validity(levels, encoding, n, p.arena.words); err != nil {
			return err
		}
	}
	p.col, err = c.decodeColumn(p, h.encoding, data, there)
	if err == nil && there < n {
		p.col, err = spread(&p.arena, &p.col, valid, n)
	}
	return err
}

func (c *chunk) decodeColumn(p *page, encoding int32, data []byte, n int) (vector.Column, error) {
	if isDictionary(encoding) {
		return decodeCodes(&p.arena, c.dict, data, n)
	}
	return decodeValues(&p.arena, c.leaf, encoding, data, n)
}

// splitPage finds levels and values in the content of a data page.
func splitPage(h *pageHeader, body []byte, l *leaf) (rep, def, data []byte, defEncoding int32, err error) {
	if h.kind == pageDataV2 {
		r, d := int(h.repBytes), int(h.repBytes)+int(h.defBytes)
		return body[:r], body[r:d], body[d:], encRLE, nil
	}
	if l.maxRep > 0 {
		if rep, body, err = cutLevels(body, h.repEnc, int(h.values), l.maxRep); err != nil {
			return nil, nil, nil, 0, err
		}
	}
	if l.maxDef > 0 {
		if def, body, err = cutLevels(body, h.defEnc, int(h.values), l.maxDef); err != nil {
			return nil, nil, nil, 0, err
		}
	}
	return rep, def, body, h.defEnc, nil
}

func (h *pageHeader) repEncoding() int32 {
	if h.kind == pageDataV2 {
		return encRLE
	}
	return h.repEnc
}

func levelBytes(a *arena, data []byte, encoding int32, n, highest int) ([]uint8, error) {
	if highest == 0 {
		return nil, nil
	}
	out, err := a.bytes(n)
	if err != nil {
		return nil, err
	}
	return out, decodeLevels(out, data, encoding, highest)
}

// slabs is the memory under the current page, with a reference to each for the
// caller.
func (c *chunk) slabs(out []*memory.Slab) []*memory.Slab {
	out = append(out, c.page.arena.retain()...)
	if c.page.col.Dict != nil {
		out = append(out, c.dict.arena.retain()...)
	}
	return out
}

// drop gives up the current page.
func (c *chunk) drop() {
	c.page.arena.release()
	c.page = page{}
	c.current = -1
}

func (c *chunk) close() {
	c.drop()
	if c.dict != nil {
		c.dict.arena.release()
		c.dict = nil
	}
	for i := range c.pages {
		if !c.pages[i].decoded {
			c.scan.count(pagesPruned, 1)
		}
	}
	for _, p := range c.lent {
		if p != nil {
			p.arena.release()
		}
	}
	c.own.release()
	c.raw, c.pages, c.lent = nil, nil, nil
}
