// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"ininjo/poa"
)

// Session is who is signed in, kept by a cookie. Implemented by server, which
// wraps the handler so that the session is in the request's context.
type Session interface {
	// Actor returns the signed-in actor, read anew: false where nobody is, the
	// session was ended or the account disabled. Somebody who must add a second
	// factor first is an anonymous actor with Enrolling.
	Actor(ctx context.Context) (poa.Actor, bool)
	// SignIn binds the session to the actor under a new token; agent is what the
	// browser calls itself.
	SignIn(ctx context.Context, actor poa.Actor, agent string) error
	// Renew gives the session another token and keeps what it holds: whoever knew
	// the token before it meant something has nothing.
	Renew(ctx context.Context) error
	// SignOut ends the session.
	SignOut(ctx context.Context) error
	// Keep keeps a value under a name from one request to the next; "" forgets it.
	Keep(ctx context.Context, name, value string)
	// Kept returns what was kept, "" if nothing.
	Kept(ctx context.Context, name string) string
}

// Queue is one queue of jobs, as the page for staff shows it.
type Queue struct {
	Name string
	// Counts of jobs by their state.
	Available, Running, Retryable, Scheduled, Discarded int
	// Oldest is the age of the oldest job that could run now; 0 if none waits.
	Oldest time.Duration
}

// Config is what the pages stand on; server hands it over.
type Config struct {
	Enrollment *poa.Enrollment
	Registrar  *poa.Registrar
	Responder  *poa.Responder
	Notifier   *poa.Notifier
	Records    *poa.Records
	Access     *poa.Access
	Desk       *poa.Desk
	Titles     *poa.Titles
	Retention  *poa.Retention
	Clock      poa.Clock
	Policy     poa.Policy
	// Addresses tells which webhook addresses are allowed.
	Addresses poa.AddressChecker
	Session   Session
	// LinkActor finds who a one-time link was sent to; any error means that the
	// link is unknown, used up or over.
	LinkActor func(ctx context.Context, token string) (poa.Actor, error)
	// Wait says for how long a request that needs no account comes too early;
	// nil lets all come.
	Wait func(*http.Request) time.Duration
	// Queues reads the queues of jobs.
	Queues func(ctx context.Context) ([]Queue, error)
	// Text gives texts of codes and labels by language (poa/locale).
	Text func(lang, key string, args map[string]string) string
	// PageViews were parsed beforehand with the same texts; nil parses them.
	PageViews *PageViews
	Log       *slog.Logger
	// Demo shows on every page that nothing here is real.
	Demo bool
}

type portal struct {
	Config
	views      views
	repository lastRead
}

// New returns the handler of every page and of the files under /static/. Forms
// that other sites' pages send are refused. It fails where something is missing or a view cannot be parsed.
func New(c Config) (http.Handler, error) {
	if c.Enrollment == nil || c.Registrar == nil || c.Responder == nil || c.Notifier == nil || c.Records == nil || c.Access == nil || c.Desk == nil ||
		c.Titles == nil || c.Retention == nil || c.Clock == nil ||
		c.Addresses == nil || c.Session == nil || c.LinkActor == nil || c.Queues == nil || c.Text == nil || c.Log == nil {
		return nil, errors.New("making the portal: the configuration is incomplete")
	}
	if c.PageViews == nil {
		parsed, err := ParseViews(c.Text)
		if err != nil {
			return nil, err
		}
		c.PageViews = parsed
	}
	p := &portal{Config: c, views: c.PageViews.parsed}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", staticFiles())
	all := routes()
	for _, each := range append(all, waysBack(all)...) {
		mux.Handle(each.pattern, p.handler(each))
	}
	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST /unsubscribe/{token}") // mail programs post it from anywhere, its token proves it (RFC 8058)
	guard.SetDenyHandler(http.HandlerFunc(p.crossSite))
	return guard.Handler(mux), nil
}
