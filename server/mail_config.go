// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"strings"

	"ininjo/jobs"
	"ininjo/server/outside/mail"
)

// mailConfig is what of the settings concerns who signs mail, and where servers
// report that it did not arrive (docs/mail.md).
type mailConfig struct {
	// DKIMKey, DKIMSelector and DKIMDomain sign mail (RFC 6376, RFC 8463).
	DKIMKey      string `name:"dkim-key" env:"ININJO_DKIM_KEY" help:"File with the private key that signs mail, PEM: Ed25519, or RSA of 2,048 bits or more (docs/mail.md)." type:"path"`
	DKIMSelector string `name:"dkim-selector" env:"ININJO_DKIM_SELECTOR" help:"Selector of --dkim-key: its public key stands in the DNS at SELECTOR._domainkey.DOMAIN."`
	DKIMDomain   string `name:"dkim-domain" env:"ININJO_DKIM_DOMAIN" help:"Domain that signs. Default: that of --mail-from, which must be the same or below."`
	// BounceAddress is where servers on the way report that mail did not arrive;
	// what names the message is put behind its local part.
	BounceAddress string `name:"bounce-address" env:"ININJO_BOUNCE_ADDRESS" help:"Address to which servers report mail that did not arrive: bounce@example.jp becomes bounce+MESSAGE-MAC@example.jp. Default: the sender, and no report is read."`
	// BounceSecretFile lets the mail server hand reports in over HTTP.
	BounceSecretFile string `name:"bounce-secret-file" env:"ININJO_BOUNCE_SECRET_FILE" help:"File with the secret (32 characters or more) with which a mail server posts reports to /mail/bounces. Must be given with --bounce-address." type:"path"`
}

// minBounceSecret is the shortest secret of reports.
const minBounceSecret = 32

// maxBounceLocal leaves room for what names the message: a local part has 64
// characters at most (RFC 5321, 4.5.3.1.1).
const maxBounceLocal = 20

func (c mailConfig) check() error {
	if (c.DKIMKey == "") != (c.DKIMSelector == "") || c.DKIMKey == "" && c.DKIMDomain != "" {
		return errors.New("--dkim-key and --dkim-selector go together, and --dkim-domain with them")
	}
	if (c.BounceAddress == "") != (c.BounceSecretFile == "") {
		return errors.New("--bounce-address and --bounce-secret-file go together: without the secret nobody can report, without the address nobody would")
	}
	if c.BounceAddress == "" {
		return nil
	}
	address, err := netmail.ParseAddress(c.BounceAddress)
	local, domain, _ := strings.Cut(c.BounceAddress, "@")
	if err != nil || address.Address != c.BounceAddress || strings.ContainsAny(local, "+\"") || domain == "" || len(local) > maxBounceLocal {
		return fmt.Errorf("--bounce-address is an address without a name, a + or quotes, and its local part has %d characters at most", maxBounceLocal)
	}
	return nil
}

// bounceSecret returns the digest of the secret of reports; false where none is
// set.
func (c mailConfig) bounceSecret() (digest [32]byte, set bool, err error) {
	if c.BounceSecretFile == "" {
		return digest, false, nil
	}
	text, err := os.ReadFile(c.BounceSecretFile)
	if err != nil {
		return digest, false, fmt.Errorf("reading --bounce-secret-file: %w", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) < minBounceSecret {
		return digest, false, fmt.Errorf("--bounce-secret-file holds %d characters, at least %d are wanted", len(text), minBounceSecret)
	}
	return sha256.Sum256(text), true, nil
}

// signer loads the key that signs mail; nil where none is set.
func (c mailConfig) signer(from string) (*mail.DKIM, error) {
	if c.DKIMKey == "" {
		return nil, nil
	}
	domain := c.DKIMDomain
	if domain == "" {
		address, err := netmail.ParseAddress(from)
		if err != nil {
			return nil, errors.New("--mail-from is no address")
		}
		_, domain, _ = strings.Cut(strings.ToLower(address.Address), "@")
	}
	return mail.LoadDKIM(c.DKIMKey, c.DKIMSelector, domain)
}

// closer is a mailer that keeps connections.
type closer interface{ Close() }

// mailer hands mail to the mail server, or lays it into a folder. Its settings
// are tried at the start.
func (s *service) mailer() (jobs.Mailer, error) {
	dkim, err := s.config.signer(s.config.MailFrom)
	if err != nil {
		return nil, err
	}
	sender := mail.Sender{From: s.config.MailFrom, Clock: s.machine, DKIM: dkim}
	if s.config.SMTP == "" {
		return mail.NewFolder(s.config.MailDir, sender)
	}
	return mail.NewSMTP(mail.SMTPConfig{Sender: sender, Address: s.config.SMTP, TLS: mail.TLS(s.config.SMTPTLS), User: s.config.SMTPUser, PasswordFile: s.config.SMTPPasswordFile})
}
