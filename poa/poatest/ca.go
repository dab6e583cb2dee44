// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // RFC 5280 section 4.2.1.2 method 1 names a key by SHA-1; nothing is protected by it
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// CA is a one-level test root in the shape of JPKI's signing root (facts of the field 2.1), with O=JPKI-TEST.
type CA struct {
	Root *x509.Certificate
	key  *rsa.PrivateKey
	at   time.Time
	book book
}

// CAOption changes how NewCA makes its root.
type CAOption func(*caSettings)

type caSettings struct {
	ownKey       bool
	organization string
	from, to     time.Time
}

// WithOwnKey gives the root a key of its own. Without it every root of the process shares one key and one name,
// so that each of them vouches for the others' certificates: a foreign root needs this option.
func WithOwnKey() CAOption { return func(s *caSettings) { s.ownKey = true } }

// WithOrganization sets the root's O, which is JPKI-TEST otherwise.
func WithOrganization(name string) CAOption { return func(s *caSettings) { s.organization = name } }

// WithRootValidity sets the root's period, which is otherwise from a year before at to ten years after.
func WithRootValidity(from, to time.Time) CAOption {
	return func(s *caSettings) { s.from, s.to = from, to }
}

// rootKey is made once for each process: a new RSA key costs as much as a whole test.
var rootKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, rsaBits) })

const rsaBits = 2048

// NewCA makes a test root around the instant at; certificates are issued for that instant unless told otherwise.
func NewCA(at time.Time, options ...CAOption) (*CA, error) {
	settings := caSettings{organization: "JPKI-TEST", from: at.AddDate(-1, 0, 0), to: at.AddDate(10, 0, 0)}
	for _, option := range options {
		option(&settings)
	}
	makeKey := rootKey
	if settings.ownKey {
		makeKey = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, rsaBits) }
	}
	key, err := makeKey()
	if err != nil {
		return nil, fmt.Errorf("making root key: %w", err)
	}
	root, err := selfSign(key, settings)
	if err != nil {
		return nil, err
	}
	return &CA{Root: root, key: key, at: at}, nil
}

func selfSign(key *rsa.PrivateKey, settings caSettings) (*x509.Certificate, error) {
	subject, err := encodeName(rootName(settings.organization))
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, settings.from, settings.to)
	if err != nil {
		return nil, err
	}
	template.SubjectKeyId = keyID(&key.PublicKey)
	template.BasicConstraintsValid, template.IsCA = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	if template.ExtraExtensions, err = rootExtensions(settings.organization); err != nil {
		return nil, err
	}
	return create(template, template, key.Public(), key)
}

// create signs a template and reads the result back.
func create(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("making certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading made certificate: %w", err)
	}
	return certificate, nil
}

// newTemplate has a random serial number of 63 bits, so that two hierarchies never share one.
func newTemplate(subject []byte, from, to time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, fmt.Errorf("drawing serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), RawSubject: subject, NotBefore: from.UTC(), NotAfter: to.UTC(),
	}, nil
}

func keyID(public crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil
	}
	digest := sha1.Sum(der) //nolint:gosec // a name, see the import
	return digest[:]
}

// RootPEM returns the root in PEM.
func (ca *CA) RootPEM() []byte { return certificatePEM(ca.Root) }

// KeyPEM returns the root's key in PEM (PKCS #8), for tools beside ours.
func (ca *CA) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		return nil, fmt.Errorf("encoding root key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// WriteRoots writes root.pem and the pins.txt that pins it into dir, as jpki.LoadRoots wants them.
func (ca *CA) WriteRoots(dir string) error {
	pin := sha256.Sum256(ca.Root.Raw)
	files := map[string][]byte{
		"root.pem": ca.RootPEM(),
		"pins.txt": []byte("# test hierarchy\n" + hex.EncodeToString(pin[:]) + "\n"),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("writing root: %w", err)
		}
	}
	return nil
}

func certificatePEM(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}
