// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// Reasons of RFC 5280 by which Revoke revokes.
const (
	ReasonUnspecified          = 0
	ReasonKeyCompromise        = 1
	ReasonCACompromise         = 2
	ReasonAffiliationChanged   = 3 // of JPKI: name, address, birth date or gender changed
	ReasonSuperseded           = 4
	ReasonCessationOfOperation = 5
	ReasonCertificateHold      = 6
	ReasonRemoveFromCRL        = 8
)

// book is what a CA knows of its certificates' standing. The zero book has revoked nothing.
type book struct {
	mu      sync.Mutex
	revoked map[string]revocation // by serial number
	unknown map[string]bool
	number  int64 // of the last list
}

type revocation struct {
	serial *big.Int
	at     time.Time
	reason int
}

// Revoke revokes a certificate as of an instant, by one of the reasons of RFC 5280; of one that is revoked already it
// changes both.
func (ca *CA) Revoke(certificate *x509.Certificate, at time.Time, reason int) {
	ca.book.mu.Lock()
	defer ca.book.mu.Unlock()
	if ca.book.revoked == nil {
		ca.book.revoked = map[string]revocation{}
	}
	ca.book.revoked[certificate.SerialNumber.String()] = revocation{certificate.SerialNumber, at.UTC().Truncate(time.Second), reason}
}

// Hold puts a certificate on hold as of an instant (一時保留).
func (ca *CA) Hold(certificate *x509.Certificate, at time.Time) {
	ca.Revoke(certificate, at, ReasonCertificateHold)
}

// Unrevoke takes revocation, hold or Forget back.
func (ca *CA) Unrevoke(certificate *x509.Certificate) {
	ca.book.mu.Lock()
	defer ca.book.mu.Unlock()
	delete(ca.book.revoked, certificate.SerialNumber.String())
	delete(ca.book.unknown, certificate.SerialNumber.String())
}

// Forget makes the OCSP responder and the platform answer that they do not know the certificate. A list cannot say so.
func (ca *CA) Forget(certificate *x509.Certificate) {
	ca.book.mu.Lock()
	defer ca.book.mu.Unlock()
	if ca.book.unknown == nil {
		ca.book.unknown = map[string]bool{}
	}
	ca.book.unknown[certificate.SerialNumber.String()] = true
}

// standing looks a serial number up.
func (b *book) standing(serial *big.Int) (r revocation, revoked, unknown bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, revoked = b.revoked[serial.String()]
	return r, revoked, b.unknown[serial.String()]
}

// entries are a list's, and its number.
func (b *book) entries() (list []x509.RevocationListEntry, number int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.revoked {
		list = append(list, x509.RevocationListEntry{SerialNumber: r.serial, RevocationTime: r.at, ReasonCode: r.reason})
	}
	b.number++
	return list, b.number
}

// ListOption changes one thing about a list, mostly so that it must be refused.
type ListOption func(*x509.RevocationList)

// WithListPeriod sets this and next update, which are otherwise now and a day later.
func WithListPeriod(this, next time.Time) ListOption {
	return func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = this.UTC(), next.UTC() }
}

// WithListExtension adds an extension.
func WithListExtension(extension pkix.Extension) ListOption {
	return func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, extension) }
}

// AsDelta makes a delta list on the list of this number (RFC 5280 section 5.2.4).
func AsDelta(base int64) ListOption {
	return WithListExtension(pkix.Extension{Id: oidDelta, Critical: true, Value: wrap(big.NewInt(base))})
}

// AsIndirect says that the list holds certificates of other issuers.
func AsIndirect() ListOption {
	return WithListExtension(pkix.Extension{Id: oidIssuingPoint, Critical: true, Value: sequence(implicit(4, []byte{0xff}))})
}

// OfMunicipality narrows the list to certificates whose distribution point is that municipality's, as JPKI's are.
// Issue writes Tokyo-to and Chiyoda-ku into all.
func OfMunicipality(prefecture, city string) ListOption {
	name, err := directoryName(pointOf(prefecture, city))
	if err != nil {
		name = nil // the names are plain text, which always encodes
	}
	return WithListExtension(pkix.Extension{Id: oidIssuingPoint, Critical: true, Value: sequence(tagged(0, tagged(0, name)))})
}

// RevocationList makes the CRL (DER) of all that is revoked, whenever that takes effect.
func (ca *CA) RevocationList(now time.Time, options ...ListOption) ([]byte, error) {
	entries, number := ca.book.entries()
	template := &x509.RevocationList{Number: big.NewInt(number), RevokedCertificateEntries: entries,
		ThisUpdate: now.UTC(), NextUpdate: now.UTC().AddDate(0, 0, 1)}
	for _, option := range options {
		option(template)
	}
	list, err := x509.CreateRevocationList(rand.Reader, template, ca.Root, ca.key)
	if err != nil {
		return nil, fmt.Errorf("making revocation list: %w", err)
	}
	return list, nil
}
