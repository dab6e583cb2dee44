// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/locale"
	plog "ininjo/poa/log"
	"ininjo/poa/receipt"
)

// Bounds of what is read.
const (
	maxReceiptFile = 64 << 10
	maxKeySet      = 1 << 20
	maxCompared    = 64 << 20
)

type verifyReceiptCommand struct {
	File   string `arg:"" help:"The receipt (compact JWS); - reads standard input."`
	JWKS   string `name:"jwks" required:"" help:"File with the service's key set, from /.well-known/jwks.json: it lists every key that ever signed, with its period." type:"path"`
	Issuer string `help:"URL of the service that must have issued it. Without it any service whose key is in the set will do."`
	Proof  string `help:"Inclusion proof of the receipt's inquiry (C2SP tlog-proof), as the service hands it out once the audit log is sealed into its tree: checked from the receipt's leaf hash to the signed checkpoint." type:"path"`
	// CheckpointKeys are keys of the log that were not taken from the key set.
	CheckpointKeys []string `name:"checkpoint-key" sep:"none" help:"Key of the log (name+hash+key of a signed note, or a file with it) that must have signed the proof's checkpoint; may be given several times. Without it those of --jwks."`
	Document       string   `help:"File that the receipt must be about: its SHA-256 is compared with the one in the question." type:"path"`
	JSON           bool     `name:"json" help:"Print as JSON."`
}

// verifiedReceipt is what --json prints; claims are the receipt's own bytes.
type verifiedReceipt struct {
	KeyID        string          `json:"keyId"`
	KeyNotBefore *time.Time      `json:"keyNotBefore"`
	KeyNotAfter  *time.Time      `json:"keyNotAfter"`
	FileCompared bool            `json:"fileCompared"`
	Claims       json.RawMessage `json:"claims"`
	// SignedAt is set where it was signed again later.
	SignedAt *time.Time `json:"signedAt,omitempty"`
	// Log is where the inquiry stands in the log; absent without --proof.
	Log *logPlace `json:"log,omitempty"`
}

// logPlace is a leaf of the log, at a checkpoint.
type logPlace struct {
	Origin string `json:"origin"`
	Index  int64  `json:"index"`
	Size   int64  `json:"size"`
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
	place, err := c.included(l, claims, keys)
	if err != nil {
		return err
	}
	if !c.JSON {
		printReceipt(out.stdout, string(l), claims, key)
		printPlace(out.stdout, string(l), place)
		return nil
	}
	payload, err := receipt.VerifyPayload(compact, keys, receipt.TypReceipt)
	if err != nil {
		return whyNoReceipt(l, err)
	}
	return printJSON(out, verifiedReceipt{KeyID: key.KeyID, KeyNotBefore: orNil(key.NotBefore), KeyNotAfter: orNil(key.NotAfter),
		FileCompared: claims.Answer.FileCompared, Claims: payload, SignedAt: orNil(key.SignedAt), Log: place})
}

// included follows the proof from the receipt's leaf hash to the checkpoint; nil
// without --proof.
func (c *verifyReceiptCommand) included(l tongue, claims receipt.Claims, jwks []byte) (*logPlace, error) {
	if c.Proof == "" {
		return nil, nil
	}
	text, err := readBounded(l, c.Proof, plog.MaxProof)
	if err != nil {
		return nil, err
	}
	proof, err := plog.ParseProof(text)
	if err != nil {
		return nil, errors.New(l.told("receipt.proof.malformed"))
	}
	leaf, err := hex.DecodeString(claims.LeafHash)
	if err != nil || len(leaf) != sha256.Size {
		return nil, errors.New(l.told("receipt.proof.no-leaf"))
	}
	keys, err := c.logKeys(l, claims.Issuer, jwks)
	if err != nil {
		return nil, err
	}
	checkpoint, err := proof.Verify([sha256.Size]byte(leaf), keys...)
	switch {
	case errors.Is(err, plog.ErrUnknownSigner):
		return nil, errors.New(l.told("receipt.proof.signer"))
	case errors.Is(err, plog.ErrNotIncluded):
		return nil, errors.New(l.told("receipt.proof.not-included"))
	case err != nil:
		return nil, fmt.Errorf("%s (%w)", l.told("receipt.proof.malformed"), err)
	}
	return &logPlace{Origin: checkpoint.Origin, Index: proof.Index, Size: checkpoint.Size}, nil
}

// logKeys are the keys of the log: those given, or those of the key set under the
// name that the issuer's log has.
func (c *verifyReceiptCommand) logKeys(l tongue, issuer string, jwks []byte) ([]string, error) {
	var keys []string
	for _, key := range c.CheckpointKeys {
		if _, err := os.Stat(key); err == nil {
			text, err := readBounded(l, key, maxKeySet)
			if err != nil {
				return nil, err
			}
			key = strings.TrimSpace(string(text))
		}
		keys = append(keys, key)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	published, err := receipt.OKPKeys(jwks, poa.PurposeCheckpoint)
	if err != nil {
		return nil, whyNoReceipt(l, err)
	}
	for _, public := range published {
		key, err := plog.VerifierKey(plog.OriginOf(issuer), public)
		if err != nil {
			return nil, errors.New(l.told("receipt.proof.signer"))
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New(l.told("receipt.proof.no-key"))
	}
	return keys, nil
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
