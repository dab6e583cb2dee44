// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"
)

// MaxCRL bounds a CRL, in bytes: about 400,000 revoked certificates.
const MaxCRL = 16 << 20

var (
	oidInvalidityDate = asn1.ObjectIdentifier{2, 5, 29, 24}
	oidDeltaCRL       = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidIssuingPoint   = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidCRLPoints      = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidCRLReason      = asn1.ObjectIdentifier{2, 5, 29, 21}
)

// CRL is a list of revoked certificates whose issuer and signature were checked. It is safe for concurrent use.
type CRL struct {
	issuer                 *x509.Certificate
	raw                    []byte
	number                 *big.Int // nil where the list has none
	series                 [sha256.Size]byte
	thisUpdate, nextUpdate time.Time
	scope                  issuingPoint
	revoked                map[string]crlEntry // by serial number
}

type crlEntry struct {
	reason int
	at     time.Time
}

// CheckCRL reads what a CRL (DER) of the certificate's issuer says about it, as of an instant. Lists that tell only a
// part (delta, indirect, some reasons, other certificates) are refused: a certificate missing there is not good.
func CheckCRL(list []byte, certificate, issuer *x509.Certificate, at time.Time) (StatusAnswer, error) {
	crl, err := ReadCRL(list, issuer)
	if err != nil {
		return StatusAnswer{}, err
	}
	return crl.Check(certificate, at)
}

// ReadCRL reads a CRL (DER), which issuer must have signed, for several uses of Check.
func ReadCRL(list []byte, issuer *x509.Certificate) (*CRL, error) {
	if len(list) > MaxCRL {
		return nil, fault(StatusTooLarge, "the list is larger than 16 MiB")
	}
	parsed, err := x509.ParseRevocationList(list)
	if err != nil || len(parsed.Raw) != len(list) { // bytes after the list are taken by the library
		return nil, fault(StatusUnreadable, "no CRL")
	}
	if err := signedBy(parsed, issuer); err != nil {
		return nil, err
	}
	crl := &CRL{issuer: issuer, raw: bytes.Clone(list), thisUpdate: parsed.ThisUpdate.UTC(), nextUpdate: parsed.NextUpdate.UTC(), revoked: make(map[string]crlEntry, len(parsed.RevokedCertificateEntries))}
	if parsed.NextUpdate.IsZero() {
		return nil, fault(StatusUnreadable, "the list does not say until when it holds")
	}
	crl.number, crl.series = parsed.Number, seriesOf(parsed, issuer)
	if err := crl.readExtensions(parsed); err != nil {
		return nil, err
	}
	for i := range parsed.RevokedCertificateEntries {
		if err := crl.add(&parsed.RevokedCertificateEntries[i]); err != nil {
			return nil, err
		}
	}
	return crl, nil
}

func signedBy(list *x509.RevocationList, issuer *x509.Certificate) error {
	if issuer == nil || !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
		return fault(StatusOtherIssuer, "a list of another issuer")
	}
	if err := takenAlgorithm(list.SignatureAlgorithm); err != nil {
		return err
	}
	if list.CheckSignatureFrom(issuer) != nil { // wants an authority whose key may sign lists
		return fault(StatusSignature, "the list is not signed by the issuer")
	}
	return nil
}

// readExtensions refuses every critical extension but the one that says which certificates the list is about.
func (l *CRL) readExtensions(list *x509.RevocationList) error {
	for _, extension := range list.Extensions {
		switch {
		case extension.Id.Equal(oidDeltaCRL):
			return fault(StatusUnsupported, "a delta list")
		case extension.Id.Equal(oidIssuingPoint):
			scope, err := readIssuingPoint(extension.Value)
			if err != nil {
				return err
			}
			l.scope = scope
		case extension.Critical:
			return fault(StatusUnsupported, "an unknown critical extension")
		}
	}
	return nil
}

// add keeps an entry; of two about the same certificate the graver one, and the earlier date.
func (l *CRL) add(entry *x509.RevocationListEntry) error {
	kept := crlEntry{reason: entry.ReasonCode, at: entry.RevocationTime}
	for _, extension := range entry.Extensions {
		switch {
		case extension.Id.Equal(oidInvalidityDate):
			var since time.Time
			if rest, err := asn1.UnmarshalWithParams(extension.Value, &since, "generalized"); err != nil || len(rest) > 0 {
				return fault(StatusUnreadable, "an invalidity date cannot be read")
			}
			if since.Before(kept.at) {
				kept.at = since
			}
		case extension.Critical && !extension.Id.Equal(oidCRLReason):
			return fault(StatusUnsupported, "an unknown critical extension of an entry")
		}
	}
	key := string(entry.SerialNumber.Bytes())
	if other, twice := l.revoked[key]; twice {
		if other.reason != reasonHold && other.reason != reasonRemove {
			kept.reason = other.reason
		}
		if other.at.Before(kept.at) {
			kept.at = other.at
		}
	}
	l.revoked[key] = kept
	return nil
}

// seriesOf names the lists that follow one another: those of one key about one part of its certificates.
func seriesOf(list *x509.RevocationList, issuer *x509.Certificate) [sha256.Size]byte {
	h := sha256.New()
	h.Write(issuer.RawSubjectPublicKeyInfo)
	for _, extension := range list.Extensions {
		if extension.Id.Equal(oidIssuingPoint) {
			h.Write(extension.Value)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Number returns the list's own number, which grows from list to list of a series; nil where it has none.
func (l *CRL) Number() *big.Int { return l.number }

// Series names what the list is the newest or an older list of.
func (l *CRL) Series() [sha256.Size]byte { return l.series }

// ThisUpdate returns as of when the list tells.
func (l *CRL) ThisUpdate() time.Time { return l.thisUpdate }

// NextUpdate returns until when the list holds.
func (l *CRL) NextUpdate() time.Time { return l.nextUpdate }

// Check tells what the list says about a certificate of its issuer, as of an instant.
func (l *CRL) Check(certificate *x509.Certificate, at time.Time) (StatusAnswer, error) {
	if err := issued(certificate, l.issuer); err != nil {
		return StatusAnswer{}, err
	}
	if err := l.scope.covers(certificate); err != nil {
		return StatusAnswer{}, err
	}
	answer := StatusAnswer{Standing: Good, Source: SourceCRL, ProducedAt: l.thisUpdate, ThisUpdate: l.thisUpdate, NextUpdate: l.nextUpdate, Raw: l.raw}
	if err := answer.fresh(at); err != nil {
		return StatusAnswer{}, err
	}
	if entry, listed := l.revoked[string(certificate.SerialNumber.Bytes())]; listed {
		if err := answer.revoke(entry.reason, entry.at); err != nil {
			return StatusAnswer{}, err
		}
	}
	return answer, nil
}
