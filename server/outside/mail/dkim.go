// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM signs messages for a domain (RFC 6376, RFC 8463), so that a receiver can
// tell ours from forged ones.
type DKIM struct {
	domain, selector string
	key              crypto.Signer
}

// minRSA is the shortest RSA key that signs (RFC 8301, 3.2, wants 2,048).
const minRSA = 2048

// signedHeaders are covered where a message has them; those of one-click
// unsubscription must be (RFC 8058, 4).
var signedHeaders = []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Language", "Auto-Submitted",
	"List-Unsubscribe", "List-Unsubscribe-Post",
	// Once more than the message has them: none can be added later (RFC 6376, 8.15).
	"From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"}

var (
	domainName   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	selectorName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

// LoadDKIM reads a private key in PEM, Ed25519 (PKCS #8) or RSA of 2,048 bits or
// more (PKCS #1 or #8), for a selector of a domain.
func LoadDKIM(keyFile, selector, domain string) (*DKIM, error) {
	if !selectorName.MatchString(selector) {
		return nil, errors.New("reading the DKIM selector: it is no name of DNS in lower case")
	}
	if !domainName.MatchString(domain) || len(domain) > 253 {
		return nil, errors.New("reading the DKIM domain: it is no name of DNS in lower case")
	}
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the DKIM key: %w", err)
	}
	key, err := gomail.PrivKeyFromPEM(text)
	if err != nil {
		return nil, errors.New("reading the DKIM key: it is no Ed25519 or RSA private key in PEM")
	}
	if long, ok := key.(*rsa.PrivateKey); ok && long.N.BitLen() < minRSA {
		return nil, fmt.Errorf("reading the DKIM key: RSA of %d bits, at least %d are wanted", long.N.BitLen(), minRSA)
	}
	d := &DKIM{domain: domain, selector: selector, key: key}
	trial := gomail.NewMsg()
	trial.FromMailAddress(&netmail.Address{Address: "postmaster@" + domain})
	trial.SetBodyString(gomail.TypeTextPlain, "trial\r\n")
	return d, d.sign(trial) // a key that does not sign is found now
}

// covers reports whether a sender's domain is the signer's or below it: else a
// receiver that asks for alignment (DMARC) refuses what it signs.
func (d *DKIM) covers(sender string) bool {
	sender = strings.ToLower(sender)
	return sender == d.domain || strings.HasSuffix(sender, "."+d.domain)
}

// sign adds the signature to a finished message. The message is written twice,
// so its boundary must be set.
func (d *DKIM) sign(m *gomail.Msg) error {
	var whole bytes.Buffer
	if _, err := m.WriteTo(&whole); err != nil {
		return errors.New("signing mail: the message cannot be written")
	}
	signer, err := dkim.NewSigner(d.options())
	if err != nil {
		return fmt.Errorf("signing mail: %w", err)
	}
	_, err = signer.Write(whole.Bytes())
	if err := errors.Join(err, signer.Close()); err != nil {
		return errors.New("signing mail: the signature failed")
	}
	_, value, _ := strings.Cut(signer.Signature(), ":")
	m.SetGenHeaderPreformatted("DKIM-Signature", strings.TrimSpace(value))
	return nil
}

func (d *DKIM) options() *dkim.SignOptions {
	return &dkim.SignOptions{Domain: d.domain, Selector: d.selector, Signer: d.key, Hash: crypto.SHA256, HeaderKeys: signedHeaders,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}
}
