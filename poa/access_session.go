// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"strings"
)

// maxAgent bounds what is kept of a browser's name for itself.
const maxAgent = 300

// BeginSession stores the session that a sign-in led to. The actor is the one
// that [Access.SignIn] or [Access.SecondStep] returned.
func (a *Access) BeginSession(ctx context.Context, actor Actor, s Session) error {
	account, self, err := a.enrolling(ctx, actor)
	if err != nil {
		return err
	}
	now := a.clock.Now()
	s.ID, s.AccountID, s.PartyID, s.BeganAt, s.SeenAt = self.SessionID, account.ID, account.PartyID, now, now
	s.Agent = strings.ToValidUTF8(s.Agent[:min(len(s.Agent), maxAgent)], "")
	return a.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.InsertSession(ctx, s) })
}

// Sessions lists the browsers in which the actor's account is signed in, the
// newest first.
func (a *Access) Sessions(ctx context.Context, actor Actor) ([]Session, error) {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return nil, err
	}
	return a.store.SessionsOf(ctx, account.ID, a.clock.Now())
}

// EndSession ends one of the account's sessions, at once.
func (a *Access) EndSession(ctx context.Context, actor Actor, id string) error {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return err
	}
	_, err = a.perform(ctx, actor, ActionSessionEnded, "", id, func(ctx context.Context, t *act) (string, error) {
		if !IsID(id, PrefixSession) {
			return "", ErrNotFound
		}
		return id, t.EndSession(ctx, account.ID, id)
	})
	return err
}

// shutOut ends whatever an account comes in by without its password: sessions,
// known browsers, tokens and links to set a password.
func (a *act) shutOut(ctx context.Context, accountID string) error {
	if err := a.forgetBrowsers(ctx, accountID, ""); err != nil {
		return err
	}
	if err := a.RevokeTokensOf(ctx, accountID, a.now); err != nil {
		return fmt.Errorf("revoking tokens: %w", err)
	}
	if err := a.CloseLinks(ctx, LinkPassword, accountID, a.now); err != nil {
		return fmt.Errorf("closing links: %w", err)
	}
	return nil
}

// forgetBrowsers ends an account's sessions but one, and forgets the browsers that
// it is known in.
func (a *act) forgetBrowsers(ctx context.Context, accountID, except string) error {
	if _, err := a.EndSessions(ctx, accountID, except); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if err := a.DistrustDevices(ctx, accountID); err != nil {
		return fmt.Errorf("forgetting browsers: %w", err)
	}
	return nil
}

// EndOtherSessions ends the account's sessions but the one it is asked in, and
// forgets the browsers it is known in.
func (a *Access) EndOtherSessions(ctx context.Context, actor Actor) error {
	account, _, err := a.own(ctx, actor)
	if err != nil {
		return err
	}
	_, err = a.perform(ctx, actor, ActionSessionsEnded, "", nil, func(ctx context.Context, t *act) (string, error) {
		return account.ID, t.forgetBrowsers(ctx, account.ID, actor.SessionID)
	})
	return err
}

// agents and systems are what browsers call themselves, the telling words first.
var (
	agents  = []struct{ mark, name string }{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems = []struct{ mark, name string }{{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// AgentName makes a browser's name for itself readable: "Chrome, Windows"; "" for
// one that nobody knows.
func AgentName(agent string) string {
	var parts []string
	for _, list := range [][]struct{ mark, name string }{agents, systems} {
		for _, each := range list {
			if strings.Contains(agent, each.mark) {
				parts = append(parts, each.name)
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
