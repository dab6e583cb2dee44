// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"encoding/asn1"
	"math"
)

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
	// lengthOctets are read at most: no file has 4 GiB.
	lengthOctets = 4
)

// scanner walks BER left to right; depth bounds its recursion. It keeps nothing of a file but, where that has to be
// rewritten, four bytes for each constructed value: the tree itself would be many times the file.
type scanner struct {
	in       []byte
	pos      int
	limits   Limits
	elements int
	opened   int     // constructed values so far that are not empty
	foreign  bool    // something is not as DER has it
	sizes    []int32 // of the content in DER, for each constructed value that has one, in the order of their opening
}

// toDER returns one BER value as DER (lengths definite and minimal, octet strings in one piece) in linear time: what
// is in that form already is returned as it is, not copied. Everything below reads what toDER has seen.
// The order of sets is left as it is: RFC 5652 section 5.3 wants signed attributes in DER from the signer.
func toDER(in []byte, limits Limits) ([]byte, error) {
	if len(in) > min(limits.MaxBytes, math.MaxInt32) {
		return nil, fault(TooLarge, "more bytes than allowed")
	}
	s := &scanner{in: in, limits: limits}
	if _, err := s.whole(); err != nil {
		return nil, err
	}
	if !s.foreign {
		return in, nil
	}
	s = &scanner{in: in, limits: limits, sizes: make([]int32, s.opened)}
	total, err := s.whole()
	if err != nil {
		return nil, err
	}
	w := &writer{in: scanner{in: in, limits: limits}, sizes: s.sizes, out: make([]byte, 0, total)}
	if _, err := w.value(false); err != nil {
		return nil, err
	}
	return w.out, nil
}

// whole scans the one value that the file must be, and returns its size in DER.
func (s *scanner) whole() (int, error) {
	_, size, end, err := s.value(len(s.in), 1)
	switch {
	case err != nil:
		return 0, err
	case end:
		return 0, fault(Malformed, "end of contents outside of a value")
	case s.pos != len(s.in):
		return 0, fault(TrailingData, "bytes follow the outermost value")
	}
	return headerSize(size) + size, nil
}

// value scans one value that ends before limit and returns its tag and the size of its content, both as in DER;
// end reports the two zero bytes that close an indefinite length.
func (s *scanner) value(limit, depth int) (tag byte, size int, end bool, err error) {
	if s.elements++; s.elements > s.limits.MaxElements {
		return 0, 0, false, fault(TooManyElements, "too many elements")
	}
	tag, length, err := s.header(limit)
	switch {
	case err != nil:
		return 0, 0, false, err
	case tag == 0 && length == 0:
		return 0, 0, true, nil
	case tag&constructed == 0 && length == indefiniteLen:
		return 0, 0, false, fault(Malformed, "primitive value of indefinite length")
	case tag&constructed == 0:
		s.pos += length
		return tag, length, false, nil
	case length == 0: // measured by its header: nothing is to be kept of it
		s.foreign = s.foreign || joined(tag) != 0
		return tag &^ joined(tag), 0, false, nil
	case depth >= s.limits.MaxDepth:
		return 0, 0, false, fault(TooDeep, "nested too deeply")
	}
	own := s.opened
	s.opened++
	if size, err = s.children(tag, length, limit, depth); err != nil {
		return 0, 0, false, err
	}
	if s.sizes != nil {
		s.sizes[own] = int32(size) // toDER refuses what is larger than int32
	}
	return tag &^ joined(tag), size, false, nil
}

// joined is the bit that an octet string in pieces (X.690 8.7.3) loses when they are joined.
func joined(tag byte) byte {
	if tag == octetString|constructed {
		return constructed
	}
	return 0
}

// children scans what is inside of a constructed value, up to its length or up to the end of contents.
func (s *scanner) children(tag byte, length, limit, depth int) (size int, err error) {
	pieces := joined(tag) != 0
	s.foreign = s.foreign || pieces || length == indefiniteLen
	if length != indefiniteLen {
		limit = s.pos + length
	}
	for length == indefiniteLen || s.pos < limit {
		inner, innerSize, end, err := s.value(limit, depth+1)
		switch {
		case err != nil:
			return 0, err
		case end && length == indefiniteLen:
			return size, nil
		case end:
			return 0, fault(Malformed, "end of contents inside a definite length")
		case pieces && inner != octetString:
			return 0, fault(Malformed, "octet string made of other values")
		case !pieces:
			size += headerSize(innerSize)
		}
		size += innerSize
	}
	return size, nil
}

// header reads a tag of one byte and a length; every value of RFC 5652 has a tag number below 31.
func (s *scanner) header(limit int) (tag byte, length int, err error) {
	if limit-s.pos < 2 {
		return 0, 0, fault(Malformed, "truncated header")
	}
	tag, first := s.in[s.pos], s.in[s.pos+1]
	s.pos += 2
	if tag&longTag == longTag {
		return 0, 0, fault(Malformed, "tag number above 30")
	}
	if first == 0x80 {
		return tag, indefiniteLen, nil
	}
	length = int(first)
	if first > 0x80 {
		octets := int(first & 0x7f)
		if length, err = s.longLength(octets, limit); err != nil {
			return 0, 0, err
		}
		s.foreign = s.foreign || lengthSize(length) != 1+octets
	}
	if length > limit-s.pos {
		return 0, 0, fault(Malformed, "length beyond the enclosing value")
	}
	return tag, length, nil
}

func (s *scanner) longLength(octets, limit int) (int, error) {
	if octets > lengthOctets || octets > limit-s.pos {
		return 0, fault(Malformed, "length of too many bytes")
	}
	n := int64(0)
	for range octets {
		n = n<<8 | int64(s.in[s.pos])
		s.pos++
	}
	if n > int64(len(s.in)) {
		return 0, fault(Malformed, "length beyond the file")
	}
	return int(n), nil
}

func headerSize(size int) int { return 1 + lengthSize(size) }

func lengthSize(n int) int {
	size := 1
	if n >= 0x80 {
		for ; n > 0; n >>= 8 {
			size++
		}
	}
	return size
}

// writer writes what a scanner has seen and measured.
type writer struct {
	in     scanner
	sizes  []int32
	opened int
	out    []byte
}

// value writes the next value; bare is for the pieces of an octet string, whose own headers are left out.
func (w *writer) value(bare bool) (end bool, err error) {
	tag, length, err := w.in.header(len(w.in.in))
	if err != nil || tag == 0 && length == 0 {
		return true, err
	}
	if tag&constructed == 0 || length == 0 {
		if !bare {
			w.header(tag&^joined(tag), length)
		}
		w.out = append(w.out, w.in.in[w.in.pos:w.in.pos+length]...)
		w.in.pos += length
		return false, nil
	}
	if !bare {
		w.header(tag&^joined(tag), int(w.sizes[w.opened]))
	}
	w.opened++
	pieces, limit := joined(tag) != 0, w.in.pos+length
	for length == indefiniteLen || w.in.pos < limit {
		if end, err := w.value(pieces); err != nil || end {
			return false, err
		}
	}
	return false, nil
}

func (w *writer) header(tag byte, size int) {
	w.out = append(w.out, tag)
	octets := lengthSize(size) - 1
	if octets == 0 {
		w.out = append(w.out, byte(size))
		return
	}
	w.out = append(w.out, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		w.out = append(w.out, byte(size>>(8*i)))
	}
}
