// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"ininjo/poa/cms"
	"ininjo/poa/document"
)

// Signer is a person's certificate with its key.
type Signer struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
	root        *x509.Certificate
}

// SignAttached signs content into a CMS file that carries it, without a signing time.
func (s *Signer) SignAttached(content []byte) ([]byte, error) {
	return s.Sign(content, cms.SignOptions{})
}

// SignDetached signs content into a CMS file beside it, without a signing time.
func (s *Signer) SignDetached(content []byte) ([]byte, error) {
	return s.Sign(content, cms.SignOptions{Detached: true})
}

// Sign signs as the options say.
func (s *Signer) Sign(content []byte, options cms.SignOptions) ([]byte, error) {
	return cms.Sign(content, s.Certificate, s.Key, options)
}

// PKCS12 returns key, certificate and root as a PKCS #12 file.
func (s *Signer) PKCS12(password string) ([]byte, error) {
	file, err := pkcs12.Modern.Encode(s.Key, s.Certificate, []*x509.Certificate{s.root}, password)
	if err != nil {
		return nil, fmt.Errorf("encoding PKCS #12: %w", err)
	}
	return file, nil
}

// CertificatePEM returns the certificate in PEM.
func (s *Signer) CertificatePEM() []byte { return certificatePEM(s.Certificate) }

// KeyPEM returns the key in PEM (PKCS #8), for tools beside ours.
func (s *Signer) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, fmt.Errorf("encoding key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// RootPEM returns the root that issued the certificate in PEM.
func (s *Signer) RootPEM() []byte { return certificatePEM(s.root) }

// SignDrafted makes the file to be filed out of a drafted delegation, in the format that it is drafted in.
func (s *Signer) SignDrafted(drafted []byte) ([]byte, error) {
	var format document.Format = document.XML{}
	if bytes.HasPrefix(drafted, []byte("%PDF-")) {
		format = document.PDF{}
	}
	return format.Sign(drafted, time.Time{}, func(content []byte, as document.SignAs) ([]byte, error) {
		return s.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES})
	})
}
