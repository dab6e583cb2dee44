// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"ininjo/poa/locale"
	"ininjo/poa/receipt"
)

// Bounds of what is read.
const (
	maxReceiptFile = 64 << 10
	maxKeySet      = 1 << 20
	maxCompared    = 64 << 20
)

type verifyReceiptCommand struct {
	File     string `arg:"" help:"The receipt (compact JWS); - reads standard input."`
	JWKS     string `name:"jwks" required:"" help:"File with the service's key set, from /.well-known/jwks.json: it lists every key that ever signed, with its period." type:"path"`
	Issuer   string `help:"URL of the service that must have issued it. Without it any service whose key is in the set will do."`
	Document string `help:"File that the receipt must be about: its SHA-256 is compared with the one in the question." type:"path"`
	JSON     bool   `name:"json" help:"Print as JSON."`
}

// verifiedReceipt is what --json prints; claims are the receipt's own bytes.
type verifiedReceipt struct {
	KeyID        string          `json:"keyId"`
	KeyNotBefore *time.Time      `json:"keyNotBefore"`
	KeyNotAfter  *time.Time      `json:"keyNotAfter"`
	FileCompared bool            `json:"fileCompared"`
	Claims       json.RawMessage `json:"claims"`
}

// Run verifies and prints what was asked and answered. A receipt that does not
// verify is not printed: nothing in it is to be believed.
func (c *verifyReceiptCommand) Run(out *output, in *verifyCommand) error {
	l := in.language()
	text, err := readBounded(l, c.File, maxReceiptFile)
	if err != nil {
		return err
	}
	keys, err := readBounded(l, c.JWKS, maxKeySet)
	if err != nil {
		return err
	}
	compact := strings.TrimSpace(string(text))
	claims, err := receipt.Verify(compact, keys, receipt.TypReceipt)
	if err != nil {
		return whyNoReceipt(l, err)
	}
	key, err := receipt.WhichKey(compact, keys, receipt.TypReceipt)
	if err != nil {
		return whyNoReceipt(l, err)
	}
	if err := c.expect(l, claims); err != nil {
		return err
	}
	if !c.JSON {
		printReceipt(out.stdout, string(l), claims, key)
		return nil
	}
	payload, err := receipt.VerifyPayload(compact, keys, receipt.TypReceipt)
	if err != nil {
		return whyNoReceipt(l, err)
	}
	return printJSON(out, verifiedReceipt{KeyID: key.KeyID, KeyNotBefore: orNil(key.NotBefore), KeyNotAfter: orNil(key.NotAfter),
		FileCompared: claims.Answer.FileCompared, Claims: payload})
}

// expect compares with what the one who verifies wants: issuer and file.
func (c *verifyReceiptCommand) expect(l tongue, claims receipt.Claims) error {
	if c.Issuer != "" && claims.Issuer != c.Issuer {
		return errors.New(l.told("receipt.issuer", "issuer", claims.Issuer, "wanted", c.Issuer))
	}
	if c.Document == "" {
		return nil
	}
	document, err := readBounded(l, c.Document, maxCompared)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(document)
	asked, err := hex.DecodeString(claims.Question.DocumentSHA256)
	switch {
	case claims.Question.DocumentSHA256 == "":
		return errors.New(l.told("receipt.no-file"))
	case err != nil || [32]byte(append(asked, make([]byte, 32)...)[:32]) != sum || len(asked) != 32:
		return errors.New(l.told("receipt.another-file"))
	case claims.Answer.DocumentMatches == nil || !*claims.Answer.DocumentMatches:
		return errors.New(l.told("receipt.file-differs"))
	}
	return nil
}

// whyNoReceipt says in words why a receipt does not verify.
func whyNoReceipt(l tongue, err error) error {
	var f *receipt.Fault
	if !errors.As(err, &f) {
		return fmt.Errorf("%s (%w)", l.told("receipt.unreadable"), err)
	}
	why := string(f.Kind)
	if key := "receipt.why." + why; locale.Has(string(l), "verify."+key) {
		why = l.told(key)
	}
	return fmt.Errorf("%s (%w)", l.told("receipt.refused", "why", why), err)
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
