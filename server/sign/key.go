// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
)

// maxPKCS12 bounds a PKCS #12 file, in bytes.
const maxPKCS12 = 1 << 20

// Key is a certificate with its key, wherever that is kept; Close lets go of it.
type Key struct {
	Certificate *x509.Certificate
	Signer      crypto.Signer
	close       func() error
}

// Close ends the session with a card and forgets what was kept of its PIN.
func (k *Key) Close() error {
	if k == nil || k.close == nil {
		return nil
	}
	return k.close()
}

// Holder is the name in the certificate: JPKI's other name, or else the subject's common name.
func (k *Key) Holder() string { return holderOf(k.Certificate) }

func holderOf(certificate *x509.Certificate) string {
	if identity, err := jpki.ReadIdentity(certificate); err == nil {
		return identity.Name
	}
	return certificate.Subject.CommonName
}

// openPKCS12 reads key and certificate out of a PKCS #12 file. The library takes its password as a string, which
// cannot be wiped; the caller wipes its own copy.
func openPKCS12(name string, file, password []byte, now time.Time) (*Key, error) {
	private, certificate, _, err := pkcs12.DecodeChain(file, string(password))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return nil, wrong("password", "name", name)
	case err != nil && hasNoKey(file, password):
		return nil, wrong("no-key", "name", name).because(err)
	case err != nil:
		return nil, wrong("pkcs12", "name", name).because(err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, wrong("no-key", "name", name)
	}
	if err := usable(certificate, signer.Public(), now); err != nil {
		return nil, err
	}
	return &Key{Certificate: certificate, Signer: signer}, nil
}

// hasNoKey tells a file of certificates alone from one that cannot be read.
func hasNoKey(file, password []byte) bool {
	if _, err := pkcs12.DecodeTrustStore(file, string(password)); err == nil {
		return true
	}
	blocks, err := pkcs12.ToPEM(file, string(password)) //nolint:staticcheck // it alone reads a file without a key and without Java's marks
	for _, block := range blocks {
		if block.Type == "PRIVATE KEY" {
			return false
		}
	}
	return err == nil
}

// usable says why a certificate could not sign a delegation, before a PIN is spent on it where that can be known.
func usable(certificate *x509.Certificate, public crypto.PublicKey, now time.Time) error {
	day := func(at time.Time) string { return at.In(japan).Format("2006-01-02") }
	key, comparable := certificate.PublicKey.(interface {
		Equal(other crypto.PublicKey) bool
	})
	switch {
	case public != nil && (!comparable || !key.Equal(public)):
		return wrong("key-differs")
	case now.After(certificate.NotAfter):
		return wrong("expired", "date", day(certificate.NotAfter))
	case now.Before(certificate.NotBefore):
		return wrong("not-yet-valid", "date", day(certificate.NotBefore))
	case certificate.IsCA, certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageContentCommitment == 0:
		return wrong("key-usage")
	}
	return nil
}

// Way is how to sign.
type Way struct {
	Detached bool // CMS beside the drafted XML or challenge, not around it
	PSS      bool // RSA-PSS in place of PKCS #1 v1.5
	At       time.Time
}

// Sign signs a draft and returns the signed file with the name that it should have. Every signature is verified
// before it is given out: a broken card module is noticed here, not at the service.
func (k *Key) Sign(d Draft, w Way) (name string, file []byte, err error) {
	if d.Format == nil {
		file, err = k.signCMS(d.Bytes, document.SignAs{}, w)
		return signedName(d, w), file, err
	}
	file, err = d.Format.Sign(d.Bytes, w.At, func(content []byte, as document.SignAs) ([]byte, error) { return k.signCMS(content, as, w) })
	if err != nil {
		return "", nil, err
	}
	if _, err := d.Format.Open(file, d.Bytes); err != nil {
		return "", nil, wrong("verify").because(err)
	}
	return signedName(d, w), file, nil
}

// signCMS names the certificate always, which costs nothing; a signing time stands in plain CMS alone, as a PDF
// tells it elsewhere (ETSI EN 319 142-1, 6.3).
func (k *Key) signCMS(content []byte, as document.SignAs, w Way) ([]byte, error) {
	options := cms.SignOptions{Detached: as.Detached || w.Detached, ESS: true, PSS: w.PSS}
	if !as.CAdES {
		options.SigningTime = w.At
	}
	file, err := cms.Sign(content, k.Certificate, k.Signer, options)
	if err != nil {
		return nil, err
	}
	limits := cms.DefaultLimits()
	limits.MaxBytes = max(limits.MaxBytes, len(file), len(content))
	signed, err := cms.Verify(file, content, limits)
	if err != nil {
		return nil, wrong("verify").because(err)
	}
	if !signed.Signer.Equal(k.Certificate) {
		return nil, wrong("verify")
	}
	return file, nil
}

// signedName is the draft's name with what was done to it: .p7m holds the draft, .p7s stands beside it.
func signedName(d Draft, w Way) string {
	switch {
	case d.kind() == "pdf":
		return strings.TrimSuffix(d.Name, filepath.Ext(d.Name)) + signedPDF
	case w.Detached:
		return d.Name + ".p7s"
	}
	return d.Name + ".p7m"
}

// signedPDF ends the name of a signed PDF.
const signedPDF = "-signed.pdf"
