// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"slices"
)

// CodeCertificateInSignature refuses, in mode sp, a file of which more would be
// kept than may be: whole certificates belong into the CMS, which is not kept.
const CodeCertificateInSignature Code = "CERTIFICATE_IN_SIGNATURE"

// reveals reports whether what mode sp keeps of the file beside our own draft,
// the signed attributes and what a signed PDF has more than its draft, holds the
// signer's certificate or what names its holder.
func (e examined) reveals() bool {
	kept := [][]byte{e.signed.Attributes}
	if added, longer := bytes.CutPrefix(e.signed.Content, e.expected); longer {
		kept = append(kept, added)
	}
	return slices.ContainsFunc(kept, func(each []byte) bool { return holdsCertificate(each, e.signed.Signer) })
}

// oidAlternativeName is subjectAltName (RFC 5280 section 4.2.1.6).
var oidAlternativeName = asn1.ObjectIdentifier{2, 5, 29, 17}

// pieceOfCertificate is the length of what is looked for: short enough to find a
// certificate that is written in parts, too long to come by chance.
const pieceOfCertificate = 30

// headOfKey is about what all keys of a kind begin with, so that it names none.
const headOfKey = 40

// holdsCertificate looks for any part of a certificate's key, of its alternative
// names, which hold the person's, and of its signature; as they are, in base64 and
// in hexadecimal digits, whatever the white space between. Its issuer and number
// may stand there: ESS signing-certificate-v2 names the certificate by them.
// What is compressed or enciphered is not found.
func holdsCertificate(kept []byte, certificate *x509.Certificate) bool {
	text := make([]byte, 0, len(kept))
	for _, c := range kept {
		switch c {
		case ' ', '\t', '\r', '\n':
		case '-':
			text = append(text, '+')
		case '_':
			text = append(text, '/')
		default:
			text = append(text, c)
		}
	}
	digits := bytes.ToLower(text)
	for _, part := range partsOf(certificate) {
		for piece := range slices.Chunk(part, pieceOfCertificate) {
			if len(piece) < pieceOfCertificate { // the last: what is shorter could come by chance
				piece = part[max(0, len(part)-pieceOfCertificate):]
			}
			if bytes.Contains(kept, piece) || bytes.Contains(digits, []byte(hex.EncodeToString(piece))) || holdsBase64(text, piece) {
				return true
			}
		}
	}
	return false
}

func partsOf(certificate *x509.Certificate) [][]byte {
	key := certificate.RawSubjectPublicKeyInfo
	parts := [][]byte{key[min(len(key), headOfKey):], certificate.Signature}
	for _, extension := range certificate.Extensions {
		if extension.Id.Equal(oidAlternativeName) {
			parts = append(parts, extension.Value)
		}
	}
	return parts
}

// holdsBase64 looks for a piece at each of the three places that it can have in a
// longer text.
func holdsBase64(text, piece []byte) bool {
	for skip := range 3 {
		whole := (len(piece) - skip) / 3 * 3
		if bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString(piece[skip:skip+whole]))) {
			return true
		}
	}
	return false
}
