// SPDX-License-Identifier: Apache-2.0

package cms

import "encoding/asn1"

// Limits bounds what is read before anything is believed.
type Limits struct {
	MaxBytes    int // of the file as handed in
	MaxDepth    int // of nested constructed values
	MaxElements int // tags in all, so that many tiny ones cost no more than few large ones
}

// DefaultLimits returns the bounds for a signed delegation: 8 MiB, 32 deep, 65,536 elements.
func DefaultLimits() Limits { return Limits{MaxBytes: 8 << 20, MaxDepth: 32, MaxElements: 1 << 16} }

const (
	constructed   = 0x20
	longTag       = 0x1f
	octetString   = asn1.TagOctetString
	indefiniteLen = -1
)

// element is one BER value: content where it is primitive, children where it is constructed.
type element struct {
	tag      byte
	content  []byte
	children []*element
	size     int // bytes of its content in DER
}

// reader walks BER once, left to right; depth bounds its recursion, elements its memory.
type reader struct {
	in       []byte
	pos      int
	limits   Limits
	elements int
}

// toDER rewrites one BER value as DER (lengths definite and minimal, octet strings in one piece) in linear time.
// The order of sets is left as it is: RFC 5652 section 5.3 wants signed attributes in DER from the signer.
func toDER(in []byte, limits Limits) ([]byte, error) {
	r := &reader{in: in, limits: limits}
	root, end, err := r.read(len(in), 1)
	if err != nil {
		return nil, err
	}
	if end {
		return nil, fault(Malformed, "end of contents outside of a value")
	}
	if r.pos != len(in) {
		return nil, fault(TrailingData, "bytes follow the outermost value")
	}
	return root.write(make([]byte, 0, root.total())), nil
}

// read reads one value that ends before limit; end reports the two zero bytes that close an indefinite length.
func (r *reader) read(limit, depth int) (e *element, end bool, err error) {
	if r.elements++; r.elements > r.limits.MaxElements {
		return nil, false, fault(TooLarge, "too many elements")
	}
	tag, length, err := r.header(limit)
	if err != nil {
		return nil, false, err
	}
	if tag == 0 && length == 0 {
		return nil, true, nil
	}
	if tag&constructed == 0 {
		if length == indefiniteLen {
			return nil, false, fault(Malformed, "primitive value of indefinite length")
		}
		e = &element{tag: tag, content: r.in[r.pos : r.pos+length], size: length}
		r.pos += length
		return e, false, nil
	}
	if depth >= r.limits.MaxDepth {
		return nil, false, fault(TooDeep, "nested too deeply")
	}
	e = &element{tag: tag}
	if err := r.fill(e, length, limit, depth); err != nil {
		return nil, false, err
	}
	return e, false, e.close()
}

// fill reads e's children up to its length, or up to the end of contents.
func (r *reader) fill(e *element, length, limit, depth int) error {
	if length != indefiniteLen {
		limit = r.pos + length
	}
	for length == indefiniteLen || r.pos < limit {
		child, end, err := r.read(limit, depth+1)
		if err != nil {
			return err
		}
		if end && length == indefiniteLen {
			return nil
		}
		if end {
			return fault(Malformed, "end of contents inside a definite length")
		}
		e.children = append(e.children, child)
	}
	return nil
}

// header reads a tag of one byte and a length; every value of RFC 5652 has a tag number below 31.
func (r *reader) header(limit int) (tag byte, length int, err error) {
	if limit-r.pos < 2 {
		return 0, 0, fault(Malformed, "truncated header")
	}
	tag, first := r.in[r.pos], r.in[r.pos+1]
	r.pos += 2
	if tag&longTag == longTag {
		return 0, 0, fault(Malformed, "tag number above 30")
	}
	if first == 0x80 {
		return tag, indefiniteLen, nil
	}
	length = int(first)
	if first > 0x80 {
		if length, err = r.longLength(int(first&0x7f), limit); err != nil {
			return 0, 0, err
		}
	}
	if length > limit-r.pos {
		return 0, 0, fault(Malformed, "length beyond the enclosing value")
	}
	return tag, length, nil
}

func (r *reader) longLength(octets, limit int) (int, error) {
	if octets > 4 || octets > limit-r.pos {
		return 0, fault(Malformed, "length of too many bytes")
	}
	n := int64(0)
	for range octets {
		n = n<<8 | int64(r.in[r.pos])
		r.pos++
	}
	if n > int64(len(r.in)) {
		return 0, fault(Malformed, "length beyond the file")
	}
	return int(n), nil
}

// close joins the pieces of an octet string (X.690 8.7.3) and settles the size of any other constructed value.
func (e *element) close() error {
	if e.tag == octetString|constructed {
		return e.join()
	}
	for _, child := range e.children {
		e.size += child.total()
	}
	return nil
}

func (e *element) join() error {
	for _, piece := range e.children {
		if piece.tag != octetString {
			return fault(Malformed, "octet string made of other values")
		}
		e.size += piece.size
	}
	// A single piece is shared, never copied: nesting octet strings must not multiply the work.
	switch len(e.children) {
	case 0:
	case 1:
		e.content = e.children[0].content
	default:
		e.content = make([]byte, 0, e.size)
		for _, piece := range e.children {
			e.content = append(e.content, piece.content...)
		}
	}
	e.tag, e.children = octetString, nil
	return nil
}

func (e *element) total() int { return 1 + lengthSize(e.size) + e.size }

func lengthSize(n int) int {
	size := 1
	if n >= 0x80 {
		for ; n > 0; n >>= 8 {
			size++
		}
	}
	return size
}

func (e *element) write(out []byte) []byte {
	out = append(out, e.tag)
	if octets := lengthSize(e.size) - 1; octets == 0 {
		out = append(out, byte(e.size))
	} else {
		out = append(out, 0x80|byte(octets))
		for i := octets - 1; i >= 0; i-- {
			out = append(out, byte(e.size>>(8*i)))
		}
	}
	if e.children == nil {
		return append(out, e.content...)
	}
	for _, child := range e.children {
		out = child.write(out)
	}
	return out
}
