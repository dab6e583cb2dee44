// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// PinsFile is the file in a folder of roots that lists the SHA-256 of each certificate, one in hex to a line.
const PinsFile = "pins.txt"

// maxRootFile bounds what is read of one file; a root has about 1 kB.
const maxRootFile = 1 << 20

// Roots is the set of roots that an operator has pinned. Several may share one name, as JPKI's generations do, and
// expired ones stay in it: what was signed in their time is judged by that time.
type Roots struct {
	certificates []*x509.Certificate
	pool         *x509.CertPool
	test         bool
}

// NewRoots makes a set of roots; each must be an authority's certificate that signs itself.
func NewRoots(certificates ...*x509.Certificate) (*Roots, error) {
	roots := &Roots{pool: x509.NewCertPool()}
	for _, certificate := range certificates {
		if !certificate.IsCA || certificate.CheckSignatureFrom(certificate) != nil {
			return nil, errors.New("pinning root: certificate is no self-signed authority")
		}
		roots.certificates = append(roots.certificates, certificate)
		roots.pool.AddCert(certificate)
		roots.test = roots.test || slices.ContainsFunc(certificate.Subject.Organization, isTest)
	}
	if len(roots.certificates) == 0 {
		return nil, errors.New("pinning roots: there is none")
	}
	return roots, nil
}

// LoadRoots reads every file of dir (PEM or DER) but pins.txt and hidden ones. A certificate without a pin and a
// pin without a certificate are errors: a folder that is not exactly as its operator wrote it down is not used.
func LoadRoots(dir string) (*Roots, error) {
	pins, err := readPins(filepath.Join(dir, PinsFile))
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing roots: %w", err)
	}
	var all []*x509.Certificate
	for _, entry := range entries {
		if entry.Name() == PinsFile || strings.HasPrefix(entry.Name(), ".") || entry.IsDir() {
			continue
		}
		found, err := readRoots(filepath.Join(dir, entry.Name()), pins)
		if err != nil {
			return nil, fmt.Errorf("reading root %s: %w", entry.Name(), err)
		}
		all = append(all, found...)
	}
	for pin, used := range pins {
		if !used {
			return nil, fmt.Errorf("reading pins: no certificate in the folder has the pin %x", pin)
		}
	}
	return NewRoots(all...)
}

// readPins reads pins.txt: hex with or without colons, # begins a comment. The value says whether a certificate was seen.
func readPins(path string) (map[[sha256.Size]byte]bool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading pins: %w", err)
	}
	pins := map[[sha256.Size]byte]bool{}
	for number, line := range strings.Split(string(content), "\n") {
		line, _, _ = strings.Cut(line, "#")
		digits := strings.ReplaceAll(strings.TrimSpace(line), ":", "")
		if digits == "" {
			continue
		}
		pin, err := hex.DecodeString(digits)
		if err != nil || len(pin) != sha256.Size {
			return nil, fmt.Errorf("reading pins: line %d is no SHA-256 in hex", number+1)
		}
		pins[[sha256.Size]byte(pin)] = false
	}
	return pins, nil
}

// readRoots reads the certificates of one file and marks their pins as used.
func readRoots(path string, pins map[[sha256.Size]byte]bool) ([]*x509.Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxRootFile {
		return nil, errors.New("not a regular file of at most 1 MiB")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found, err := parseCertificates(content)
	if err != nil {
		return nil, err
	}
	for _, certificate := range found {
		pin := sha256.Sum256(certificate.Raw)
		if _, ok := pins[pin]; !ok {
			return nil, fmt.Errorf("its pin %x is not in %s", pin, PinsFile)
		}
		pins[pin] = true
	}
	return found, nil
}

func parseCertificates(content []byte) ([]*x509.Certificate, error) {
	if !bytes.Contains(content, []byte("-----BEGIN ")) {
		return x509.ParseCertificates(content)
	}
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(content)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("PEM of another type than CERTIFICATE")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all, content = append(all, certificate), rest
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in the file")
	}
	return all, nil
}

// isTest reports whether an organisation is that of a test hierarchy: JPKI-TEST is JPKI's own.
func isTest(organization string) bool { return strings.HasSuffix(organization, "-TEST") }

// IsTest reports whether a root of a test hierarchy (O=JPKI-TEST) is among them; only a demo may go on then.
func (r *Roots) IsTest() bool { return r.test }

// Certificates returns the roots.
func (r *Roots) Certificates() []*x509.Certificate { return slices.Clone(r.certificates) }
