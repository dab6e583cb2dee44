// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
)

// verifyCommand checks what the service handed out, with no database and no
// network: years later, or by somebody else.
type verifyCommand struct {
	Evidence verifyEvidenceCommand `cmd:"" help:"Verify a delegation's evidence: signature, certificate, status and time stamps, all from the file's own bytes."`
	Receipt  verifyReceiptCommand  `cmd:"" help:"Verify a receipt (有効性確認回答書) with the service's published keys."`
}

type verifyEvidenceCommand struct {
	File          string            `arg:"" help:"Evidence as the portal hands it out; - reads standard input."`
	Roots         string            `help:"Folder of pinned roots of signers with pins.txt, expired ones included. Without it the path of the certificate is not verifiable." type:"existingdir"`
	RegistryRoots string            `help:"Likewise for certificates of the commercial registry." type:"existingdir"`
	TSARoots      string            `name:"tsa-roots" help:"Folder of pinned roots of time stamp authorities with pins.txt, expired ones included. Without it time stamps are not verifiable." type:"existingdir"`
	Policy        []string          `help:"Certificate policy (object identifier) to take; may be given several times. Without it those that the record lists."`
	Weak          map[string]string `help:"From when a digest no longer protects, as SHA-256=2040-01-01; may be given several times."`
	At            time.Time         `help:"Verify as of this instant (RFC 3339) instead of now." format:"2006-01-02T15:04:05Z07:00"`
	Strict        bool              `help:"Fail also where something is not verifiable: no roots given, a platform's or a person's word, no time stamp."`
	JSON          bool              `name:"json" help:"Print the report as JSON."`
}

// Run verifies and prints every finding; it fails if anything does.
func (c *verifyEvidenceCommand) Run(out *output) error {
	trust, err := c.trust()
	if err != nil {
		return err
	}
	file, err := readBounded(c.File, evidence.MaxBundle)
	if err != nil {
		return err
	}
	bundle, err := evidence.DecodeBundle(file)
	if err != nil {
		return fmt.Errorf("%s (%w)", told("damaged", "file", named(c.File)), err)
	}
	at := c.At
	if at.IsZero() {
		at = poa.SystemClock{}.Now()
	}
	report, err := bundle.Verify(trust, at)
	if err != nil {
		return fmt.Errorf("verifying %s: %w", named(c.File), err)
	}
	if c.JSON {
		err = printJSON(out, report)
	} else {
		printReport(out.stdout, terminalLanguage(), report)
	}
	switch {
	case err != nil:
		return err
	case !report.Passed():
		return errors.New(told("not-verified"))
	case c.Strict && report.Result != evidence.OK:
		return errors.New(told("not-wholly"))
	}
	return nil
}

// told is why something was not verified, in the terminal's language.
func told(key string, values ...string) string {
	args := map[string]string{}
	for i := 0; i+1 < len(values); i += 2 {
		args[values[i]] = values[i+1]
	}
	return locale.Text(terminalLanguage(), "verify."+key, args)
}

// trust reads the roots that the one who verifies has pinned.
func (c *verifyEvidenceCommand) trust() (evidence.Trust, error) {
	trust := evidence.Trust{Profile: jpki.Profile{Policies: c.Policy}, WeakFrom: map[crypto.Hash]time.Time{}}
	var err error
	if trust.Profile.Roots, err = rootsIn(c.Roots); err != nil {
		return trust, fmt.Errorf("reading --roots: %w", err)
	}
	registry, err := rootsIn(c.RegistryRoots)
	if err != nil {
		return trust, fmt.Errorf("reading --registry-roots: %w", err)
	}
	if registry != nil {
		trust.Profile.Methods = []jpki.Rules{{Method: jpki.CommercialRegistry, Roots: registry, Policies: c.Policy}}
	}
	authorities, err := rootsIn(c.TSARoots)
	if err != nil {
		return trust, fmt.Errorf("reading --tsa-roots: %w", err)
	}
	if authorities != nil {
		trust.TimeStampRoots = x509.NewCertPool()
		for _, root := range authorities.Certificates() {
			trust.TimeStampRoots.AddCert(root)
		}
	}
	for name, day := range c.Weak {
		hash, from, err := weakness(name, day)
		if err != nil {
			return trust, err
		}
		trust.WeakFrom[hash] = from
	}
	return trust, nil
}

func rootsIn(dir string) (*jpki.Roots, error) {
	if dir == "" {
		return nil, nil
	}
	return jpki.LoadRoots(dir)
}

func weakness(name, day string) (crypto.Hash, time.Time, error) {
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("reading --weak: %s is no day (YYYY-MM-DD)", day)
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if strings.EqualFold(hash.String(), name) {
			return hash, from, nil
		}
	}
	return 0, time.Time{}, fmt.Errorf("reading --weak: %s is none of SHA-256, SHA-384 and SHA-512", name)
}

// readBounded reads a file, or standard input where it is named "-".
func readBounded(path string, bound int) ([]byte, error) {
	from := io.Reader(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("opening file: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, int64(bound)+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", named(path), err)
	}
	if len(text) > bound {
		return nil, fmt.Errorf("reading %s: it has more than %d bytes", named(path), bound)
	}
	return text, nil
}

func named(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

func printJSON(out *output, v any) error {
	enc := json.NewEncoder(out.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// terminalLanguage is that of the terminal: Japanese if it says so, else English, which
// every terminal can show.
func terminalLanguage() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}
