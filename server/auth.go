// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/text/language"

	"ininjo/poa"
)

type contextKey int

const (
	keyBearer contextKey = iota
	keyExchange
)

// exchange is one request on its way: what every room asks about it, in one
// context value.
type exchange struct {
	context.Context //nolint:containedctx // it is a context itself

	// id stands in the log, in the answer and on error pages.
	id       string
	language string
	// token is the request's Bearer token, "?" for something that holds for
	// nothing; brought tells whether there was any.
	token   string
	brought bool
	// route is the pattern that matched inside a room of its own.
	route  string
	status statusRecorder
}

// Value gives the exchange itself and its token.
func (x *exchange) Value(key any) any {
	switch key {
	case keyExchange:
		return x
	case keyBearer:
		if !x.brought {
			return nil
		}
		return x.token
	}
	return x.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(keyExchange).(*exchange)
	return x
}

// newExchange keeps the request's token for whoever needs the actor. A token of
// a validity query is checked in the same statement that reads and audits, so
// nothing is looked up here.
func newExchange(r *http.Request) *exchange {
	x := &exchange{Context: r.Context(), language: languageOf(r.Header.Get("Accept-Language"))}
	x.token, x.brought = tokenOf(r.Header.Get("Authorization"))
	return x
}

// tokenOf is the token of a header Authorization.
func tokenOf(brought string) (token string, any bool) {
	if scheme, token, ok := strings.Cut(brought, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), true
	}
	if brought != "" {
		return "?", true
	}
	return "", false
}

// bearer keeps the request's token alone.
func bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(newExchange(r))) })
}

var languages = language.NewMatcher([]language.Tag{language.Japanese, language.English})

// languagesOf remembers what callers' wishes came to: parsing them takes longer
// than the rest of a request's reading.
var languagesOf, _ = lru.New[string, string](256)

func languageOf(wish string) string {
	if wish == "" {
		return "ja"
	}
	if known, ok := languagesOf.Get(wish); ok {
		return known
	}
	chosen := "ja"
	if tags, _, err := language.ParseAcceptLanguage(wish); err == nil {
		if _, index, _ := languages.Match(tags...); index == 1 {
			chosen = "en"
		}
	}
	if len(wish) <= 256 {
		languagesOf.Add(wish, chosen)
	}
	return chosen
}

func languageFrom(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.language
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
