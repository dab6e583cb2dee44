// SPDX-License-Identifier: Apache-2.0

package statuslist

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

const (
	// Size is the number of entries of a list.
	Size = 1 << 20
	// Bits is the number of bits that an entry takes.
	Bits = 2
	// perByte is how many entries a byte holds, the first in its lowest bits.
	perByte = 8 / Bits
	rawSize = Size / perByte
)

// Status is how an entry stands.
type Status byte

// The statuses that the Token Status List names.
const (
	Valid     Status = 0
	Invalid   Status = 1
	Suspended Status = 2
)

// String gives the name that the Token Status List registers.
func (s Status) String() string {
	switch s {
	case Valid:
		return "VALID"
	case Invalid:
		return "INVALID"
	case Suspended:
		return "SUSPENDED"
	}
	return fmt.Sprintf("0x%02X", byte(s))
}

// Entries are those of one list. The zero value is of no use: see [NewEntries].
type Entries struct{ raw []byte }

// NewEntries returns a list whose entries are all INVALID, as those are that
// nothing was accepted for.
func NewEntries() Entries {
	return Entries{bytes.Repeat([]byte{byte(Invalid) * 0x55}, rawSize)}
}

// Set sets an entry. An index out of 0 to Size-1 panics, as a slice's does.
func (e Entries) Set(index int, s Status) {
	shift := index % perByte * Bits
	e.raw[index/perByte] = e.raw[index/perByte]&^(3<<shift) | byte(s)<<shift
}

// At returns an entry. An index out of 0 to Size-1 panics, as a slice's does.
func (e Entries) At(index int) Status {
	return Status(e.raw[index/perByte] >> (index % perByte * Bits) & 3)
}

// compressions are tried in turn, the smallest result is taken: looking back
// helps where entries beside one another stand alike, and costs where those that
// nobody drew yet are strewn among them.
var compressions = []int{7, zlib.HuffmanOnly}

// compress writes the entries as ZLIB (RFC 1950).
func (e Entries) compress() ([]byte, error) {
	var smallest []byte
	for _, level := range compressions {
		var out bytes.Buffer
		w, err := zlib.NewWriterLevel(&out, level)
		if err != nil {
			return nil, fmt.Errorf("compressing status list: %w", err)
		}
		if _, err := w.Write(e.raw); err != nil {
			return nil, fmt.Errorf("compressing status list: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compressing status list: %w", err)
		}
		if smallest == nil || out.Len() < len(smallest) {
			smallest = out.Bytes()
		}
	}
	return smallest, nil
}

// Compressed returns how many bytes the entries take, compressed.
func (e Entries) Compressed() (int, error) {
	compressed, err := e.compress()
	return len(compressed), err
}

// decompress reads what compress wrote and nothing larger: what unfolds beyond a
// list's size is refused before it is read.
func decompress(compressed []byte) (Entries, error) {
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return Entries{}, fault(BadList, "status_list.lst")
	}
	raw, err := io.ReadAll(io.LimitReader(r, rawSize+1))
	if err != nil {
		return Entries{}, fault(BadList, "status_list.lst")
	}
	if len(raw) != rawSize {
		return Entries{}, fault(BadList, "size of status_list.lst")
	}
	return Entries{raw}, nil
}
