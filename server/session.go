// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"ininjo/poa"
)

// sessionName is the key of a session's own ID in its data. Whose it is stands in
// its row, not in its data.
const sessionName = "session"

// sessions keep who is signed in to the portal behind a random cookie. Whose
// session it is is read anew for every request, so that one that was ended, and a
// disabled account, stop at once.
type sessions struct {
	manager *scs.SessionManager
	store   poa.Store
	access  *poa.Access
	clock   poa.Clock
}

func newSessions(store poa.Store, sessionStore scs.Store, access *poa.Access, clock poa.Clock, publicURL string, log *slog.Logger) *sessions {
	// scs.New would start a store in memory, whose goroutine never ends, and
	// write errors past our log.
	m := &scs.SessionManager{Store: sessionStore, Codec: scs.GobCodec{}, Lifetime: 12 * time.Hour, IdleTimeout: time.Hour, ErrorFunc: sessionFailed(log)}
	m.Cookie.Name, m.Cookie.Path = "ininjo_session", "/"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = strings.HasPrefix(publicURL, "https://")
	m.Cookie.Persist = false
	return &sessions{manager: m, store: store, access: access, clock: clock}
}

// sessionFailed answers where the store of sessions fails; the cause stands in
// the log alone.
func sessionFailed(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		log.ErrorContext(r.Context(), "session failed", "request", requestIDFrom(r.Context()), "cause", err)
		http.Error(w, string(poa.CodeUnavailable)+" "+requestIDFrom(r.Context()), http.StatusServiceUnavailable)
	}
}

// Actor returns who is signed in, or who must add a second factor first.
func (s *sessions) Actor(ctx context.Context) (poa.Actor, bool) {
	token := s.manager.Token(ctx)
	if token == "" {
		return poa.Anonymous(languageFrom(ctx)), false
	}
	actor, err := s.store.ActorBySession(ctx, sha256.Sum256([]byte(token)), s.clock.Now())
	if err != nil {
		return poa.Anonymous(languageFrom(ctx)), false
	}
	actor.Language = languageFrom(ctx)
	return actor, true
}

// SignIn gives the browser a new session for the actor.
func (s *sessions) SignIn(ctx context.Context, actor poa.Actor, agent string) error {
	if actor.SessionID == "" {
		return errors.New("signing in: no session was drawn")
	}
	if err := s.Renew(ctx); err != nil {
		return err
	}
	s.manager.Put(ctx, sessionName, actor.SessionID)
	began := poa.Session{Hash: sha256.Sum256([]byte(s.manager.Token(ctx))), Agent: agent, ExpiresAt: s.clock.Now().Add(s.manager.Lifetime)}
	if err := s.access.BeginSession(ctx, actor, began); err != nil {
		return fmt.Errorf("beginning session: %w", err)
	}
	return nil
}

// Renew gives the session another token.
func (s *sessions) Renew(ctx context.Context) error {
	if err := s.manager.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing session: %w", err)
	}
	return nil
}

// SignOut ends the session.
func (s *sessions) SignOut(ctx context.Context) error {
	if err := s.manager.Destroy(ctx); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return nil
}

// Keep keeps a value in the session from one request to the next.
func (s *sessions) Keep(ctx context.Context, name, value string) {
	if value == "" {
		s.manager.Remove(ctx, name)
		return
	}
	s.manager.Put(ctx, name, value)
}

// Kept returns what was kept.
func (s *sessions) Kept(ctx context.Context, name string) string {
	return s.manager.GetString(ctx, name)
}
