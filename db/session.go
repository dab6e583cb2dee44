// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// sessionSubject is the data key of all sessions. They end by themselves.
var sessionSubject = Subject{Class: ClassSession, ID: "sessions"}

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	Hash      []byte    `bun:"hash,pk"`
	Sealed    []byte    `bun:"sealed"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// SessionStore keeps signed-in sessions. It implements the Store and CtxStore
// of alexedwards/scs. Only a hash of the session's token is kept, and its data
// is sealed.
type SessionStore struct{ db *DB }

// Sessions returns the store of sessions.
func (d *DB) Sessions() *SessionStore { return &SessionStore{db: d} }

func sessionKey(token string) (hash []byte, row string) {
	sum := sha256.Sum256([]byte(token)) // tokens are 256 random bits: nothing to guess
	return sum[:], hex.EncodeToString(sum[:])
}

// FindCtx returns the data of a session that is not over.
func (s *SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	hash, name := sessionKey(token)
	var row sessionRow
	err := s.db.bun.NewSelect().Model(&row).Where("hash = ? AND expires_at > ?", hash, s.db.clock.Now()).Scan(ctx)
	if err = failed(err, "reading session"); errors.Is(err, poa.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := s.db.seal.Open(ctx, sessionSubject, "sessions", "sealed", name, row.Sealed)
	return data, err == nil, err
}

// CommitCtx stores a session's data until its expiry.
func (s *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	hash, name := sessionKey(token)
	if err := s.db.seal.Create(ctx, sessionSubject); err != nil {
		return fmt.Errorf("storing session: %w", err)
	}
	sealed, err := s.db.seal.Seal(ctx, sessionSubject, "sessions", "sealed", name, data)
	if err != nil {
		return fmt.Errorf("storing session: %w", err)
	}
	row := sessionRow{Hash: hash, Sealed: sealed, ExpiresAt: expiry.UTC()}
	_, err = s.db.bun.NewInsert().Model(&row).On("CONFLICT (hash) DO UPDATE").Set("sealed = EXCLUDED.sealed").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
	return failed(err, "storing session")
}

// DeleteCtx ends a session.
func (s *SessionStore) DeleteCtx(ctx context.Context, token string) error {
	hash, _ := sessionKey(token)
	_, err := s.db.bun.NewDelete().Model((*sessionRow)(nil)).Where("hash = ?", hash).Exec(ctx)
	return failed(err, "ending session")
}

// Find is FindCtx without a context; scs calls it only where there is none.
func (s *SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *SessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
