package parquet

// pageHeader is a PageHeader with the header of its kind of page.
type pageHeader struct {
	kind         int32
	uncompressed int32
	compressed   int32

	values   int32
	encoding int32
	defEnc   int32 // version 1: encoding of the levels
	repEnc   int32

	nulls          int32 // version 2 only
	rows           int32
	defBytes       int32
	repBytes       int32
	uncompressedV2 bool // version 2: is_compressed said no
}

// readPageHeader reads the header at the start of b and gives its length.
func readPageHeader(b []byte) (h pageHeader, size int, err error) {
	c := compact{b: b}
	c.pageHeader(&h)
	if c.err == nil && (h.uncompressed < 0 || h.compressed < 0 || h.values < 0) {
		c.err = errThrift
	}
	return h, c.pos, c.err
}

func (c *compact) pageHeader(h *pageHeader) {
	id := int16(0)
	for typ := c.field(&id); typ != typeStop && c.err == nil; typ = c.field(&id) {
		switch {
		case id == 1:
			h.kind = c.int32()
		case id == 2:
			h.uncompressed = c.int32()
		case id == 3:
			h.compressed = c.int32()
		case (id == 5 || id == 7) && typ == typeStruct:
			c.dataPageHeader(h)
		case id == 8 && typ == typeStruct:
			c.dataPageHeaderV2(h)
		default:
			c.skip(typ)
		}
	}
}

// dataPageHeader reads a DataPageHeader or a DictionaryPageHeader, which begin
// alike.
func (c *compact) dataPageHeader(h *pageHeader) {
	id := int16(0)
	for typ := c.field(&id); typ != typeStop && c.err == nil; typ = c.field(&id) {
		switch {
		case id == 1:
			h.values = c.int32()
		case id == 2:
			h.encoding = c.int32()
		case id == 3 && typ == typeI32:
			h.defEnc = c.int32()
		case id == 4 && typ == typeI32:
			h.repEnc = c.int32()
		default:
			c.skip(typ)
		}
	}
}

func (c *compact) dataPageHeaderV2(h *pageHeader) {
	id := int16(0)
	for typ := c.field(&id); typ != typeStop && c.err == nil; typ = c.field(&id) {
		switch id {
		case 1:
			h.values = c.int32()
		case 2:
			h.nulls = c.int32()
		case 3:
			h.rows = c.int32()
		case 4:
			h.encoding = c.int32()
		case 5:
			h.defBytes = c.int32()
		case 6:
			h.repBytes = c.int32()
		case 7:
			h.uncompressedV2 = typ == typeFalse
		default:
			c.skip(typ)
		}
	}
}
