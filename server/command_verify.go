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
	"strconv"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
)

// verifyCommand checks what the service handed out, with no database and no
// network: years later, or by somebody else.
type verifyCommand struct {
	Language string `enum:"terminal,ja,en" default:"terminal" env:"ININJO_LANGUAGE" help:"Language of what is printed: ja, en, or the terminal's (LC_ALL, LC_MESSAGES, LANG)."`

	Evidence verifyEvidenceCommand `cmd:"" help:"Verify a delegation's evidence: signature, certificate, status and time stamps, all from the file's own bytes."`
	Status   verifyStatusCommand   `cmd:"" help:"Look up in a signed status list how a delegation stood when the list was issued, without asking the service."`
	Receipt  verifyReceiptCommand  `cmd:"" help:"Verify a receipt (有効性確認回答書) with the service's published keys."`
}

type verifyEvidenceCommand struct {
	File          string            `arg:"" help:"Evidence as the portal hands it out; - reads standard input."`
	Roots         string            `help:"Folder of pinned roots of signers with pins.txt, expired ones included. Without it the path of the certificate is not verifiable." type:"path"`
	RegistryRoots string            `help:"Likewise for certificates of the commercial registry." type:"path"`
	TSARoots      string            `name:"tsa-roots" help:"Folder of pinned roots of time stamp authorities with pins.txt, expired ones included. Without it time stamps are not verifiable." type:"path"`
	Policy        []string          `help:"Certificate policy (object identifier) to take; may be given several times. Without it those that the record lists."`
	Weak          map[string]string `help:"From when a digest no longer protects, as SHA-256=2040-01-01; may be given several times."`
	At            time.Time         `help:"Verify as of this instant (RFC 3339) instead of now." format:"2006-01-02T15:04:05Z07:00"`
	Strict        bool              `help:"Fail also where something is not verifiable: no roots given, a platform's or a person's word, no time stamp."`
	JSON          bool              `name:"json" help:"Print the report as JSON."`
}

// Run verifies and prints every finding; it fails if anything does.
func (c *verifyEvidenceCommand) Run(out *output, in *verifyCommand) error {
	l := in.language()
	trust, err := c.trust(l)
	if err != nil {
		return err
	}
	file, err := readBounded(l, c.File, evidence.MaxBundle)
	if err != nil {
		return err
	}
	bundle, err := evidence.DecodeBundle(file)
	if err != nil {
		return fmt.Errorf("%s (%w)", l.told("damaged", "file", l.named(c.File)), err)
	}
	at := c.At
	if at.IsZero() {
		at = poa.SystemClock{}.Now()
	}
	report, err := bundle.Verify(trust, at)
	if err != nil {
		return fmt.Errorf("%s (%w)", l.told("damaged", "file", l.named(c.File)), err)
	}
	if c.JSON {
		err = printJSON(out, report)
	} else {
		printReport(out.stdout, string(l), report)
	}
	switch {
	case err != nil:
		return err
	case !report.Passed():
		return errors.New(l.told("not-verified"))
	case c.Strict && report.Result != evidence.OK:
		return errors.New(l.told("not-wholly"))
	}
	return nil
}

// trust reads the roots that the one who verifies has pinned.
func (c *verifyEvidenceCommand) trust(l tongue) (evidence.Trust, error) {
	trust := evidence.Trust{Profile: jpki.Profile{Policies: c.Policy}, WeakFrom: map[crypto.Hash]time.Time{}}
	var err error
	if trust.Profile.Roots, err = rootsIn(l, "--roots", c.Roots); err != nil {
		return trust, err
	}
	registry, err := rootsIn(l, "--registry-roots", c.RegistryRoots)
	if err != nil {
		return trust, err
	}
	if registry != nil {
		trust.Profile.Methods = []jpki.Rules{{Method: jpki.CommercialRegistry, Roots: registry, Policies: c.Policy}}
	}
	authorities, err := rootsIn(l, "--tsa-roots", c.TSARoots)
	if err != nil {
		return trust, err
	}
	if authorities != nil {
		trust.TimeStampRoots = x509.NewCertPool()
		for _, root := range authorities.Certificates() {
			trust.TimeStampRoots.AddCert(root)
		}
	}
	for name, day := range c.Weak {
		hash, from, err := weakness(l, name, day)
		if err != nil {
			return trust, err
		}
		trust.WeakFrom[hash] = from
	}
	return trust, nil
}

func rootsIn(l tongue, flag, dir string) (*jpki.Roots, error) {
	if dir == "" {
		return nil, nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, errors.New(l.told("no-folder", "flag", flag, "path", dir))
	}
	roots, err := jpki.LoadRoots(dir)
	if err != nil {
		return nil, fmt.Errorf("%s (%w)", l.told("no-roots", "flag", flag), err)
	}
	return roots, nil
}

func weakness(l tongue, name, day string) (crypto.Hash, time.Time, error) {
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, time.Time{}, errors.New(l.told("weak.day", "value", day))
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if strings.EqualFold(hash.String(), name) {
			return hash, from, nil
		}
	}
	return 0, time.Time{}, errors.New(l.told("weak.digest", "value", name))
}

// readBounded reads a file, or standard input where it is named "-".
func readBounded(l tongue, path string, bound int) ([]byte, error) {
	from := io.Reader(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, l.unread(path, err)
		}
		defer func() { _ = file.Close() }() // it was only read
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, int64(bound)+1))
	if err != nil {
		return nil, l.unread(path, err)
	}
	if len(text) > bound {
		return nil, errors.New(l.told("file.large", "file", l.named(path), "bound", strconv.Itoa(bound)))
	}
	return text, nil
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
