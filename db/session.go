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

	ID        *string    `bun:"id"`
	AccountID *string    `bun:"account_id"`
	About     []byte     `bun:"about"`
	BeganAt   *time.Time `bun:"began_at"`
	SeenAt    *time.Time `bun:"seen_at"`
}

// seenEvery is how exactly a session's last use is kept.
const seenEvery = time.Minute

// InsertSession notes whose session a token is. Its data comes with the commit of
// scs; a row that was deleted meanwhile comes back without its account.
func (t *tx) InsertSession(ctx context.Context, s poa.Session) error {
	about, err := t.db.seal.Seal(ctx, ownerSubject(s.PartyID, s.AccountID), "sessions", "about", s.ID, []byte(s.Agent))
	if err != nil {
		return fmt.Errorf("beginning session: %w", err)
	}
	row := sessionRow{Hash: s.Hash[:], Sealed: []byte{}, ExpiresAt: s.ExpiresAt.UTC(), ID: &s.ID, AccountID: &s.AccountID, About: about,
		BeganAt: nullTime(s.BeganAt), SeenAt: nullTime(s.SeenAt.Truncate(seenEvery))}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "beginning session")
}

// EndSession ends a session of the account.
func (t *tx) EndSession(ctx context.Context, accountID, id string) error {
	res, err := t.q.NewDelete().Model((*sessionRow)(nil)).Where("id = ? AND account_id = ?", id, accountID).Exec(ctx)
	return touched(res, err, "ending session", poa.ErrNotFound)
}

// EndSessions ends the account's sessions but one, and says how many.
func (t *tx) EndSessions(ctx context.Context, accountID, except string) (int, error) {
	res, err := t.q.NewDelete().Model((*sessionRow)(nil)).Where("account_id = ? AND id <> ?", accountID, except).Exec(ctx)
	if err != nil {
		return 0, failed(err, "ending sessions")
	}
	n, err := res.RowsAffected()
	return int(n), failed(err, "ending sessions")
}

// SessionsOf lists the account's sessions that are not over, the newest first.
func (r reader) SessionsOf(ctx context.Context, accountID string, now time.Time) ([]poa.Session, error) {
	var rows []struct {
		sessionRow `bun:",extend"`
		PartyID    *string
	}
	err := r.q.NewSelect().TableExpr("sessions AS s").Join("JOIN accounts AS a ON a.id = s.account_id").ColumnExpr("s.*, a.party_id").
		Where("s.account_id = ? AND s.expires_at > ?", accountID, now.UTC()).OrderExpr("s.began_at DESC, s.id").Limit(poa.MaxPage).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading sessions")
	}
	sessions := make([]poa.Session, len(rows))
	for i, row := range rows {
		s := poa.Session{ID: fromNullText[string](row.ID), AccountID: accountID, PartyID: fromNullText[string](row.PartyID), BeganAt: fromNullTime(row.BeganAt), SeenAt: fromNullTime(row.SeenAt), ExpiresAt: row.ExpiresAt.UTC()}
		agent, err := r.db.seal.Open(ctx, ownerSubject(s.PartyID, accountID), "sessions", "about", s.ID, row.About)
		if err != nil && !errors.Is(err, ErrErased) {
			return nil, err
		}
		s.Agent = string(agent)
		sessions[i] = s
	}
	return sessions, nil
}

// ActorBySession finds whose session a token is. Somebody who must have a second
// factor and has none is nobody but for adding one.
func (r reader) ActorBySession(ctx context.Context, hash [32]byte, now time.Time) (poa.Actor, error) {
	var row struct {
		actorRow  `bun:",extend"`
		SessionID string
		SeenAt    time.Time
		Enrolling bool
	}
	err := r.q.NewSelect().TableExpr("sessions AS s").Join("JOIN accounts AS a ON a.id = s.account_id").Join("LEFT JOIN parties AS p ON p.id = a.party_id").
		ColumnExpr("a.id, a.party_id, a.kind, a.roles, a.member, a.language, s.id AS session_id, s.seen_at").
		ColumnExpr("(p.id IS NULL OR p.second_factor) AND a.totp_since IS NULL AND NOT EXISTS (SELECT FROM passkeys AS k WHERE k.account_id = a.id) AS enrolling").
		Where("s.hash = ? AND (a.disabled_at IS NULL OR a.disabled_at > ?)", hash[:], now.UTC()).Scan(ctx, &row)
	if err != nil {
		return poa.Actor{}, failed(err, "reading session")
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		_, err = r.q.NewUpdate().Model((*sessionRow)(nil)).Set("seen_at = ?", now.UTC().Truncate(seenEvery)).Where("hash = ? AND seen_at < ?", hash[:], now.UTC()).Exec(ctx)
	}
	actor := row.actor()
	if row.Enrolling {
		actor = poa.Anonymous(row.Language)
		actor.Enrolling = row.ID
	}
	actor.SessionID = row.SessionID
	return actor, failed(err, "noting a session's use")
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
	if err != nil || len(row.Sealed) == 0 { // begun, and not yet committed
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
