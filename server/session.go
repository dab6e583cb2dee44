// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
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

func newSessions(store poa.Store, sessionStore scs.Store, publicURL string) *sessions {
	m := scs.New()
	m.Store = sessionStore
	m.Lifetime = 12 * time.Hour
	m.IdleTimeout = time.Hour
	m.Cookie.Name = "ininjo_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = strings.HasPrefix(publicURL, "https://")
	m.Cookie.Persist = false
	return &sessions{manager: m, store: store}
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
