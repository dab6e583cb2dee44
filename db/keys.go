// SPDX-License-Identifier: Apache-2.0

package db

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// CheckKey compares the check value of a key, a keyed hash under it, with the
// one kept at its first use: a wrong key, which would seal what nobody can open,
// is refused (design.md, rule 13). The key itself is never stored.
func (d *DB) CheckKey(ctx context.Context, name string, key []byte) error {
	return d.check(ctx, name, checkValue(key))
}

func (d *DB) check(ctx context.Context, name string, value []byte) error {
	if _, err := d.bun.NewRaw("INSERT INTO key_checks (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value).Exec(ctx); err != nil {
		return failed(err, "storing a key's check value")
	}
	var kept []byte
	if err := d.bun.NewRaw("SELECT value FROM key_checks WHERE name = ?", name).Scan(ctx, &kept); err != nil {
		return failed(err, "reading a key's check value")
	}
	if !hmac.Equal(kept, value) {
		return fmt.Errorf("the key %q is not the one that this database was set up with: give the right one, nothing was changed", name)
	}
	return nil
}

// CheckKeys compares the sealer's two keys with those the database was set up
// with.
func (d *DB) CheckKeys(ctx context.Context) error {
	if err := d.check(ctx, "master", d.seal.masterCheck); err != nil {
		return err
	}
	return d.CheckKey(ctx, "hash", d.seal.hash)
}

// checkValue tells keys apart without telling the key.
func checkValue(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(bind("check value"))
	return mac.Sum(nil)
}

// SigningKey is a public key that signs or signed, for one purpose.
type SigningKey struct {
	KeyID   string
	Purpose string
	// JWK is the public key (RFC 7517).
	JWK  json.RawMessage
	From time.Time
	// Until is zero while the key signs.
	Until time.Time
}

type signingKeyRow struct {
	bun.BaseModel `bun:"table:signing_keys,alias:k"`

	KID        string          `bun:"kid,pk"`
	Purpose    string          `bun:"purpose"`
	JWK        json.RawMessage `bun:"jwk,type:json"`
	ValidFrom  time.Time       `bun:"valid_from"`
	ValidUntil *time.Time      `bun:"valid_until"`
}

// InsertSigningKey stores a public key, which must happen before its first
// signature. The same key again does nothing; another one under the same kid
// is a conflict.
func (d *DB) InsertSigningKey(ctx context.Context, k SigningKey) error {
	jwk, err := json.Marshal(k.JWK) // the form in which bun writes it
	if err != nil {
		return fmt.Errorf("encoding signing key: %w", err)
	}
	row := signingKeyRow{KID: k.KeyID, Purpose: k.Purpose, JWK: jwk, ValidFrom: k.From.UTC(), ValidUntil: nullTime(k.Until)}
	if _, err := d.bun.NewInsert().Model(&row).On("CONFLICT (kid) DO NOTHING").Exec(ctx); err != nil {
		return failed(err, "storing signing key")
	}
	var kept signingKeyRow
	if err := d.bun.NewSelect().Model(&kept).Where("kid = ?", k.KeyID).Scan(ctx); err != nil {
		return failed(err, "reading signing key")
	}
	if kept.Purpose != k.Purpose || !bytes.Equal(kept.JWK, jwk) {
		return fmt.Errorf("storing signing key: another key has this kid: %w", poa.ErrConflict)
	}
	return nil
}

// EndSigningKey records when a key signed for the last time.
func (d *DB) EndSigningKey(ctx context.Context, kid string, until time.Time) error {
	res, err := d.bun.NewUpdate().Model((*signingKeyRow)(nil)).Set("valid_until = ?", until.UTC()).Where("kid = ? AND valid_until IS NULL", kid).Exec(ctx)
	return changed(res, err, "ending signing key")
}

// SigningKeys returns all that ever signed, oldest first.
func (d *DB) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	var rows []signingKeyRow
	if err := d.bun.NewSelect().Model(&rows).Order("valid_from", "kid").Scan(ctx); err != nil {
		return nil, failed(err, "reading signing keys")
	}
	keys := make([]SigningKey, len(rows))
	for i, row := range rows {
		keys[i] = SigningKey{KeyID: row.KID, Purpose: row.Purpose, JWK: row.JWK, From: row.ValidFrom.UTC(), Until: fromNullTime(row.ValidUntil)}
	}
	return keys, nil
}
