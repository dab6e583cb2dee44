// SPDX-License-Identifier: Apache-2.0

package status

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Kind is how a place is asked.
type Kind string

// The kinds of places.
const (
	CRL  Kind = "crl"
	OCSP Kind = "ocsp"
)

// Place is where an issuer's status can be asked: a CRL in a file, a CRL over HTTP, or an OCSP responder.
type Place struct {
	Kind Kind
	File string // of a CRL; PEM or DER
	URL  string // of a CRL or a responder
}

// ParsePlace reads "ROOTSHA256=crl:FILE", "ROOTSHA256=crl+https://…" or "ROOTSHA256=ocsp:https://…". The root is the
// SHA-256 of the pinned root in hex, with or without colons.
func ParsePlace(text string) (root [sha256.Size]byte, p Place, err error) {
	name, where, ok := strings.Cut(text, "=")
	digest, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(name), ":", ""))
	if !ok || err != nil || len(digest) != sha256.Size {
		return root, p, errors.New("it must begin with the SHA-256 of a pinned root in hex, and =")
	}
	copy(root[:], digest)
	end := strings.IndexAny(where, ":+")
	if end < 0 {
		return root, p, errForm
	}
	p.Kind = Kind(where[:end])
	rest := where[end+1:]
	switch scheme, _, isURL := strings.Cut(rest, "://"); {
	case p.Kind != CRL && p.Kind != OCSP || rest == "":
		return root, p, errForm
	case isURL && (scheme == "ldap" || scheme == "ldaps"):
		return root, p, errors.New("LDAP is not spoken: have the list fetched into a file by a job of your own, and name it as crl:FILE")
	case isURL:
		p.URL = rest
	case p.Kind == CRL && where[end] == ':':
		p.File = rest
	default:
		return root, p, errForm
	}
	return root, p, nil
}

var errForm = errors.New("it must say crl:FILE, crl+https://… or ocsp:https://… after =")

// String names the place in the log: no address of the certificate's holder is in it.
func (p Place) String() string {
	if p.File != "" {
		return string(p.Kind) + " file"
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return string(p.Kind)
	}
	return string(p.Kind) + " " + u.Host
}

// check refuses a place that could never be asked. A CRL is signed and is the same whoever asks, so it may come over
// plain HTTP; whom a responder is asked about is nobody else's affair.
func (p Place) check(d *door) error {
	switch {
	case p.Kind == CRL && p.File != "" && p.URL == "":
		return nil
	case (p.Kind == CRL || p.Kind == OCSP) && p.File == "" && p.URL != "":
		if err := d.checkURL(p.URL, p.Kind == CRL); err != nil {
			return fmt.Errorf("%s: %w", p.Kind, err)
		}
		return nil
	}
	return errForm
}
