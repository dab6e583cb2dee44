// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6960 names a responder's key by SHA-1; nothing is protected by it
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// MaxOCSP bounds an OCSP response, in bytes.
const MaxOCSP = 64 << 10

// CheckOCSP reads what an OCSP response (DER) says about a certificate, as of an instant. It must be signed by the
// issuer, or by a responder that the issuer certified for it. With a nonce it must repeat that nonce; without one
// (an old response that is checked again) only its times count.
func CheckOCSP(response []byte, certificate, issuer *x509.Certificate, nonce []byte, at time.Time) (StatusAnswer, error) {
	if len(response) > MaxOCSP {
		return StatusAnswer{}, fault(StatusTooLarge, "the response is larger than 64 KiB")
	}
	if err := issued(certificate, issuer); err != nil {
		return StatusAnswer{}, err
	}
	details, err := readOCSPDetails(response)
	if err != nil {
		return StatusAnswer{}, err
	}
	if err := details.about(certificate, issuer); err != nil {
		return StatusAnswer{}, err
	}
	parsed, err := ocsp.ParseResponseForCert(response, certificate, nil)
	if err != nil {
		return StatusAnswer{}, ocspFault(err)
	}
	if err := checkResponder(parsed, issuer, at); err != nil {
		return StatusAnswer{}, err
	}
	if nonce != nil && subtle.ConstantTimeCompare(details.nonce, nonce) != 1 {
		return StatusAnswer{}, fault(StatusNonce, "the nonce is missing or another one")
	}
	answer, err := readOCSP(parsed, bytes.Clone(response), at)
	if err == nil {
		answer.Nonce = bytes.Clone(nonce)
	}
	return answer, err
}

// HasNonce reports whether a response repeats a nonce at all; responders that sign beforehand do not.
func HasNonce(response []byte) bool {
	details, err := readOCSPDetails(response)
	return err == nil && details.nonce != nil
}

func ocspFault(err error) error {
	var failed ocsp.ResponseError
	if errors.As(err, &failed) {
		return fault(StatusRefused, "the responder answered with an error")
	}
	return fault(StatusUnreadable, "no OCSP response, or one whose own signature is wrong")
}

func readOCSP(parsed *ocsp.Response, raw []byte, at time.Time) (StatusAnswer, error) {
	answer := StatusAnswer{Source: SourceOCSP, ProducedAt: parsed.ProducedAt.UTC(), ThisUpdate: parsed.ThisUpdate.UTC(), Raw: raw}
	if !parsed.NextUpdate.IsZero() {
		answer.NextUpdate = parsed.NextUpdate.UTC()
	}
	if err := answer.fresh(at); err != nil {
		return StatusAnswer{}, err
	}
	switch parsed.Status {
	case ocsp.Good:
		answer.Standing = Good
	case ocsp.Revoked:
		if err := answer.revoke(parsed.RevocationReason, parsed.RevokedAt); err != nil {
			return StatusAnswer{}, err
		}
	default:
		answer.Standing = Unknown
	}
	return answer, nil
}

// checkResponder wants the response to be signed by the issuer or by whom the issuer certified to sign responses.
// That certificate's own revocation is not asked for: its authority must have said that this is not needed, or keep its
// period short.
func checkResponder(parsed *ocsp.Response, issuer *x509.Certificate, at time.Time) error {
	if err := takenAlgorithm(parsed.SignatureAlgorithm); err != nil {
		return err
	}
	signer := parsed.Certificate
	if signer == nil || signer.Equal(issuer) {
		signer = issuer
		if parsed.CheckSignatureFrom(issuer) != nil {
			return fault(StatusSignature, "the response is not signed by the issuer")
		}
	} else if err := delegated(signer, issuer, at); err != nil { // its signature over the response was checked on reading
		return err
	}
	key := sha1.Sum(publicKeyBits(signer)) //nolint:gosec // a name, see the import
	if parsed.RawResponderName != nil && !bytes.Equal(parsed.RawResponderName, signer.RawSubject) ||
		parsed.RawResponderName == nil && !bytes.Equal(parsed.ResponderKeyHash, key[:]) {
		return fault(StatusResponder, "the response names another responder than the one that signed it")
	}
	return nil
}

func delegated(responder, issuer *x509.Certificate, at time.Time) error {
	switch {
	case !bytes.Equal(responder.RawIssuer, issuer.RawSubject) || responder.CheckSignatureFrom(issuer) != nil:
		return fault(StatusResponder, "the responder is not certified by the issuer")
	case takenAlgorithm(responder.SignatureAlgorithm) != nil:
		return fault(StatusAlgorithm, "the responder is certified by an algorithm that is not taken")
	case !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fault(StatusResponder, "the responder is not certified to sign responses")
	case responder.KeyUsage != 0 && responder.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return fault(StatusResponder, "the responder's key is not for signatures")
	case at.Before(responder.NotBefore) || at.After(responder.NotAfter):
		return fault(StatusResponder, "the responder's certificate is not in its period")
	case len(responder.UnhandledCriticalExtensions) > 0:
		return fault(StatusResponder, "the responder's certificate has an unknown critical extension")
	case !noCheck(responder) && responder.NotAfter.Sub(responder.NotBefore) > maxResponderLife:
		return fault(StatusResponder, "whether the responder's own certificate was revoked would have to be asked: it says not otherwise, and lasts long")
	}
	return nil
}

// maxResponderLife is how long a responder's certificate may last whose authority does not say that its revocation need
// not be asked for (RFC 6960 section 4.2.2.2.1).
const maxResponderLife = 31 * 24 * time.Hour

// oidOCSPNoCheck is id-pkix-ocsp-nocheck.
var oidOCSPNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

func noCheck(responder *x509.Certificate) bool {
	return slices.ContainsFunc(responder.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidOCSPNoCheck) })
}
