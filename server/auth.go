// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"ininjo/poa"
)

type contextKey int

const (
	keyBearer contextKey = iota
	keyLanguage
	keyRequestID
	keyRoute
)

// bearer keeps the request's token for whoever needs the actor. A token of a
// validity query is checked in the same statement that reads and audits, so
// nothing is looked up here.
func bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), keyLanguage, languageOf(r))
		if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
			ctx = context.WithValue(ctx, keyBearer, strings.TrimSpace(token))
		} else if r.Header.Get("Authorization") != "" {
			ctx = context.WithValue(ctx, keyBearer, "?") // something was brought that holds for nothing
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

var languages = language.NewMatcher([]language.Tag{language.Japanese, language.English})

func languageOf(r *http.Request) string {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return "ja"
	}
	if _, index, _ := languages.Match(tags...); index == 1 {
		return "en"
	}
	return "ja"
}

func languageFrom(ctx context.Context) string {
	if l, ok := ctx.Value(keyLanguage).(string); ok {
		return l
	}
	return "ja"
}

// actors resolves tokens to actors.
type actors struct {
	store poa.Store
	clock poa.Clock
	// staffTokens lets tokens of staff hold; in the demo only.
	staffTokens bool
}

// actor resolves the request's Bearer token: an API token or a delegate's
// one-time link. Without one the actor is anonymous; one that does not hold is
// UNAUTHENTICATED. A link that was used up still holds for the repeat of the
// act that used it, which poa tells by its key.
func (a actors) actor(ctx context.Context) (poa.Actor, poa.TokenScope, error) {
	token, brought := ctx.Value(keyBearer).(string)
	if !brought {
		return poa.Anonymous(languageFrom(ctx)), poa.ScopeAll, nil
	}
	if !poa.SecretWellFormed(token) {
		return poa.Actor{}, "", poa.ErrUnauthenticated
	}
	actor, scope, err := a.byToken(ctx, token)
	if errors.Is(err, poa.ErrNotFound) || err == nil && actor.Kind == poa.ActorStaff && !a.staffTokens {
		return poa.Actor{}, "", poa.ErrUnauthenticated
	}
	actor.Language = languageFrom(ctx)
	return actor, scope, err
}

func (a actors) byToken(ctx context.Context, token string) (poa.Actor, poa.TokenScope, error) {
	hash := sha256.Sum256([]byte(token))
	if !strings.HasPrefix(token, poa.LinkPrefix+"_") {
		return a.store.ActorByToken(ctx, hash, a.clock.Now())
	}
	actor, err := a.store.ActorByLink(ctx, hash, a.clock.Now())
	if err == nil && actor.Purpose != poa.LinkAnswer && actor.Purpose != poa.LinkRenounce {
		return poa.Actor{}, "", poa.ErrNotFound
	}
	return actor, poa.ScopeAll, err
}

// link resolves the token of a one-time link that opens a page. One that was
// used up opens none. Links that are no delegate's open pages only.
func (a actors) link(ctx context.Context, token string) (poa.Actor, error) {
	if !poa.SecretWellFormed(token) {
		return poa.Actor{}, poa.ErrNotFound
	}
	actor, err := a.store.ActorByLink(ctx, sha256.Sum256([]byte(token)), a.clock.Now())
	if err == nil && actor.LinkUsed {
		return poa.Actor{}, poa.ErrNotFound
	}
	actor.Language = languageFrom(ctx)
	return actor, err
}

// credential hands a validity query its token as it came; the statement of the
// query checks it.
func (a actors) credential(ctx context.Context) poa.Credential {
	token, brought := ctx.Value(keyBearer).(string)
	if !brought {
		return poa.Credential{Anonymous: true}
	}
	if !poa.SecretWellFormed(token) {
		return poa.Credential{}
	}
	return poa.Credential{TokenHash: sha256.Sum256([]byte(token))}
}
