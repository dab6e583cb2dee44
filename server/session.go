// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"ininjo/poa"
)

const sessionAccount = "account"

// sessions keep who is signed in to the portal: the account's ID behind a
// random cookie. The account is read anew for every request, so that a
// disabled one stops at once.
type sessions struct {
	manager *scs.SessionManager
	store   poa.Store
}

func newSessions(store poa.Store, sessionStore scs.Store, publicURL string, log *slog.Logger) *sessions {
	// scs.New would start a store in memory, whose goroutine never ends, and
	// write errors past our log.
	m := &scs.SessionManager{Store: sessionStore, Codec: scs.GobCodec{}, Lifetime: 12 * time.Hour, IdleTimeout: time.Hour, ErrorFunc: sessionFailed(log)}
	m.Cookie.Name, m.Cookie.Path = "ininjo_session", "/"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = strings.HasPrefix(publicURL, "https://")
	m.Cookie.Persist = false
	return &sessions{manager: m, store: store}
}

// sessionFailed answers where the store of sessions fails; the cause stands in
// the log alone.
func sessionFailed(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		log.ErrorContext(r.Context(), "session failed", "request", requestIDFrom(r.Context()), "cause", err)
		http.Error(w, string(poa.CodeUnavailable)+" "+requestIDFrom(r.Context()), http.StatusServiceUnavailable)
	}
}

// Actor returns who is signed in.
func (s *sessions) Actor(ctx context.Context) (poa.Actor, bool) {
	id := s.manager.GetString(ctx, sessionAccount)
	if id == "" {
		return poa.Anonymous(languageFrom(ctx)), false
	}
	actor, err := s.store.ActorByAccount(ctx, id)
	if err != nil {
		return poa.Anonymous(languageFrom(ctx)), false
	}
	actor.Language = languageFrom(ctx)
	return actor, true
}

// SignIn gives the browser a new session for the actor.
func (s *sessions) SignIn(ctx context.Context, actor poa.Actor) error {
	if actor.ID == "" {
		return errors.New("signing in: no account")
	}
	if err := s.manager.RenewToken(ctx); err != nil {
		return fmt.Errorf("renewing session: %w", err)
	}
	s.manager.Put(ctx, sessionAccount, actor.ID)
	return nil
}

// SignOut ends the session.
func (s *sessions) SignOut(ctx context.Context) error {
	if err := s.manager.Destroy(ctx); err != nil {
		return fmt.Errorf("ending session: %w", err)
	}
	return nil
}
