// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CodeKeyDoesNotFit is of a private key that is not the certificate's.
const CodeKeyDoesNotFit Code = "CERTIFICATE_KEY_DIFFERS"

// maxChain bounds the certificates of a client's chain, minClientRSA its key, in
// bits.
const (
	maxChain     = 5
	minClientRSA = 2048
)

// ClientCertificate is what an endpoint is shown as TLS client. It is kept
// sealed; the key is never shown.
type ClientCertificate struct {
	// Chain and Key are PEM.
	Chain string `json:"chain"`
	Key   string `json:"key"`
	// SHA256 is the certificate's digest, in hex.
	SHA256  string    `json:"sha256"`
	Subject string    `json:"subject"`
	Until   time.Time `json:"until"`
}

// readClientCertificate checks that certificate and key are there, fit together
// and can be used as a TLS client's now.
func readClientCertificate(in CertificateInput, now time.Time) (ClientCertificate, Faults) {
	const certificate, key = "clientCertificate.certificate", "clientCertificate.privateKey"
	var faults Faults
	for _, each := range []struct{ text, field string }{{in.Certificate, certificate}, {in.PrivateKey, key}} {
		switch {
		case strings.TrimSpace(each.text) == "":
			faults.Add(CodeRequired, each.field)
		case len(each.text) > maxCertificatePEM:
			faults.Add(CodeTooLong, each.field, "bound", fmt.Sprint(maxCertificatePEM))
		}
	}
	if len(faults) > 0 {
		return ClientCertificate{}, faults
	}
	chain, leaf := readChain(in.Certificate)
	if leaf == nil {
		return ClientCertificate{}, Faults{newFault(CodeInvalid, certificate)}
	}
	private := readKeyPEM(in.PrivateKey)
	if private == nil {
		return ClientCertificate{}, Faults{newFault(CodeInvalid, key)}
	}
	if _, err := tls.X509KeyPair(chain, private); err != nil {
		return ClientCertificate{}, Faults{newFault(CodeKeyDoesNotFit, key)}
	}
	if code := unfit(leaf, now); code != "" {
		return ClientCertificate{}, Faults{newFault(code, certificate)}
	}
	sum := sha256.Sum256(leaf.Raw)
	return ClientCertificate{Chain: string(chain), Key: string(private), SHA256: hex.EncodeToString(sum[:]), Subject: leaf.Subject.String(), Until: leaf.NotAfter.UTC()}, nil
}

// readChain writes the certificates anew, so that nothing else is kept; leaf is
// nil where there is none or something else stands between.
func readChain(text string) (chain []byte, leaf *x509.Certificate) {
	rest := []byte(text)
	for n := 0; ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return chain, leaf
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" || n >= maxChain {
			return nil, nil
		}
		if leaf == nil {
			leaf = c
		}
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})...)
	}
}

// readKeyPEM returns the first private key of a text as PEM without its headers;
// nil where it holds none, or an encrypted one.
func readKeyPEM(text string) []byte {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "PRIVATE KEY" || block.Type == "RSA PRIVATE KEY" || block.Type == "EC PRIVATE KEY" {
			if len(block.Headers) > 0 {
				return nil // encrypted in the old way
			}
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})
		}
	}
	return nil
}

// unfit says why a certificate cannot be used, "" where it can.
func unfit(c *x509.Certificate, now time.Time) Code {
	switch {
	case now.After(c.NotAfter):
		return CodeCertificateExpired
	case now.Before(c.NotBefore):
		return CodeCertificateNotYet
	case c.IsCA, len(c.ExtKeyUsage) > 0 && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny):
		return CodeInvalid
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minClientRSA {
			return CodeKeyTooShort
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() && key.Curve != elliptic.P521() {
			return CodeAlgorithm
		}
	case ed25519.PublicKey:
	default:
		return CodeAlgorithm
	}
	return ""
}
