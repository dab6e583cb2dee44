// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512 are among the digests of time stamps
	"encoding/binary"
	"encoding/hex"
)

// Stamped is a record as it was stored, with its time stamps, oldest first.
type Stamped struct {
	Record []byte   `json:"record"`
	Tokens [][]byte `json:"tokens,omitempty"`
}

// Bundle is all that is kept about one delegation, oldest first: the file that
// the portal hands out and `ininjo verify evidence` reads.
type Bundle struct {
	Records []Stamped
}

// imprintPrefix is the first line of what a time stamp covers.
const imprintPrefix = "ininjo/evidence/1\n"

// Imprint is the digest that time stamp number len(tokens)+1 of a record covers:
// the record and every earlier time stamp, each with its length (8 bytes, big
// end first) before it. The hash must be one that is linked in.
func Imprint(hash crypto.Hash, record []byte, tokens [][]byte) []byte {
	h := hash.New()
	h.Write([]byte(imprintPrefix))
	for _, part := range append([][]byte{record}, tokens...) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}

// wireBundle is a Bundle as written. The checksum finds damage on the way; what
// it says about forgery is said by the time stamps.
type wireBundle struct {
	Version int       `json:"version"`
	SHA256  string    `json:"sha256"`
	Records []Stamped `json:"records"`
}

// EncodeBundle writes a bundle as canonical JSON.
func EncodeBundle(b Bundle) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return canonical(wireBundle{Version: Version, SHA256: b.checksum(), Records: b.Records}, MaxBundle)
}

// DecodeBundle reads what EncodeBundle wrote, and nothing else. The records in
// it are not decoded: Verify does that, and says of each what is wrong with it.
func DecodeBundle(file []byte) (Bundle, error) {
	var w wireBundle
	if err := strict(file, &w, MaxBundle, "bundle"); err != nil {
		return Bundle{}, err
	}
	if w.Version != Version {
		return Bundle{}, fault(UnknownVersion, "version")
	}
	b := Bundle{Records: w.Records}
	if err := b.check(); err != nil {
		return Bundle{}, err
	}
	if w.SHA256 != b.checksum() {
		return Bundle{}, fault(Damaged, "sha256")
	}
	again, err := EncodeBundle(b)
	if err != nil {
		return Bundle{}, err
	}
	if !bytes.Equal(again, file) {
		return Bundle{}, fault(NotCanonical, "bundle")
	}
	return b, nil
}

func (b Bundle) checksum() string {
	sum := sha256.New()
	for _, r := range b.Records {
		sum.Write(Imprint(crypto.SHA256, r.Record, r.Tokens))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (b Bundle) check() error {
	if len(b.Records) == 0 {
		return fault(Invalid, "records")
	}
	if len(b.Records) > MaxRecords {
		return fault(TooLarge, "records")
	}
	for _, r := range b.Records {
		if len(r.Record) > MaxRecord || len(r.Tokens) > MaxTokens {
			return fault(TooLarge, "records")
		}
		for _, token := range r.Tokens {
			if len(token) > MaxToken {
				return fault(TooLarge, "tokens")
			}
		}
	}
	return nil
}
