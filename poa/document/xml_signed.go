// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"time"
)

// MaxSigned bounds a filed file, in bytes.
const MaxSigned = 4 << 20

// Open takes a CMS SignedData, attached or detached: the drafted bytes are what
// it must sign. Whether they are is for the verifier of the CMS to say.
func (XML) Open(file, drafted []byte) (Signature, error) {
	switch {
	case len(file) > MaxSigned:
		return Signature{}, fault(TooLarge, "file")
	case len(file) == 0, bytes.Equal(file, drafted):
		return Signature{}, fault(Unsigned, "file")
	}
	return Signature{CMS: file, Content: drafted}, nil
}

// Sign gives a CMS that carries the drafted bytes; the time is the CMS's own
// matter.
func (XML) Sign(drafted []byte, _ time.Time, signer Signer) ([]byte, error) {
	return signer(drafted, SignAs{})
}
