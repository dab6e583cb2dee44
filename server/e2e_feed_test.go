// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// beside starts a second process on the office's database.
func (o *office) beside() *demo {
	o.t.Helper()
	cluster := o.service.database.cluster
	c := o.service.config
	c.Addr, c.MetricsAddr, c.DataDir = "127.0.0.1:0", "", o.t.TempDir()
	c.DatabaseURL, c.MigrateDatabaseURL = cluster.URL(db.LoginApp, databaseName), cluster.URL(db.LoginMigrate, databaseName)
	c.RetentionDatabaseURL, c.PublicURL = "", o.base
	s, err := newService(o.t.Context(), c, o.clock, slog.New(slog.NewJSONHandler(o.log, nil)))
	o.must(err)
	o.t.Cleanup(func() { _ = s.stop(context.WithoutCancel(o.t.Context())) })
	o.must(s.begin(o.t.Context()))
	return &demo{service: s, base: "http://" + s.listener.Addr().String()}
}

// at returns the client as it asks another process.
func (c *client) at(base string) *client { return &client{base: base, token: c.token, http: c.http} }

// token makes a further token of a scope and returns its ID and text.
func (o *office) token(c *client, scope string) (id, secret string) {
	o.t.Helper()
	var made struct {
		Token  struct{ ID string }
		Secret string
	}
	o.must(c.query(o.t.Context(), `mutation($input: CreateTokenInput!) { createToken(input: $input) { token { id } secret errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "token-" + scope, "name": scope, "scope": scope, "expiresInDays": 1}}, "createToken", &made))
	return made.Token.ID, made.Secret
}

// fed is an answer of the change feed, or why there is none.
type fed struct {
	feedAnswer
	Errors []feedError
	status int
	header http.Header
}

func (f fed) code() string {
	if len(f.Errors) == 0 {
		return ""
	}
	return string(f.Errors[0].Code)
}

func feedOf(t *testing.T, c *client, query string) fed {
	t.Helper()
	got := get(t, c, "/feed"+query, nil)
	return readFed(t, got)
}

func readFed(t *testing.T, got answer) fed {
	t.Helper()
	f := fed{status: got.status, header: got.header}
	if err := json.Unmarshal(got.body, &f); err != nil {
		t.Errorf("%v: %s", err, got.body)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("answered %v", got.header)
	}
	return f
}

// later asks at once and hands over the answer when it comes.
func later(t *testing.T, c *client, query string) <-chan fed {
	t.Helper()
	answers := make(chan fed, 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/feed"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	go func() {
		defer close(answers)
		response, err := (&http.Client{}).Do(request)
		if err != nil {
			t.Errorf("asking for the feed: %v", err)
			return
		}
		defer response.Body.Close()
		f := fed{status: response.StatusCode, header: response.Header}
		if body, err := io.ReadAll(response.Body); err != nil || json.Unmarshal(body, &f) != nil {
			t.Errorf("reading the feed: %v %s", err, body)
		}
		answers <- f
	}()
	return answers
}

// waited waits until so many wait at a process.
func waited(t *testing.T, s *service, n int) {
	t.Helper()
	await(t, fmt.Sprintf("%d wait", n), func() bool { return s.bell.Waiting() == n })
}

// TestFeedOverHTTP follows the change feed over two processes on one database.
func TestFeedOverHTTP(t *testing.T) {
	t.Parallel()
	o := emptyOffice(t)
	o.start(func(c *Config) { c.Heartbeat = time.Hour })
	o.appoint()
	o.enroll()
	second := o.beside()
	mine := o.files(o.demo, "fed")
	o.watch("recipient", mine.id)
	ways := map[string]*client{"first": o.recipient, "second": o.recipient.at(second.base)}
	begun := feedOf(t, o.recipient, "?wait=0")
	if begun.status != 200 || begun.Head != 0 || begun.Next != 0 || len(begun.Notices) != 0 || begun.Stream == "" {
		t.Fatalf("began with %+v", begun)
	}
	place := "&stream=" + begun.Stream

	t.Run("both processes wake who waits when either commits", func(t *testing.T) {
		var waiting []<-chan fed
		for _, way := range ways {
			waiting = append(waiting, later(t, way, "?after=0&wait=60"+place))
		}
		waited(t, o.service, 1)
		waited(t, second.service, 1)
		began := machineClock.Now()
		o.revokes(o.delegator, mine.id)
		for _, answers := range waiting {
			f := <-answers
			if f.status != 200 || len(f.Notices) != 1 || f.Head != 1 || f.Next != 1 || f.More {
				t.Fatalf("answered %+v", f)
			}
			n := f.Notices[0]
			if n.Type != poa.NoticeRevoked || string(n.Data.DelegationID) != mine.id || n.Data.Sequence != 1 || n.Data.Previous != 0 || n.Data.Stream != begun.Stream || n.Data.Status != poa.StatusRevoked {
				t.Errorf("told %+v", n)
			}
			h, err := receipt.VerifyHeartbeat(*f.Heartbeat, get(t, o.anyone, "/.well-known/jwks.json", nil).body)
			if err != nil || h.Head != 1 || h.Stream != begun.Stream || h.Issuer != o.base {
				t.Errorf("the heartbeat says %+v, %v", h, err)
			}
		}
		t.Logf("both were told within %v of the request that revoked", machineClock.Now().Sub(began))
		hook := o.partners["recipient"].next(t, poa.NoticeRevoked)
		if f := feedOf(t, o.recipient, "?after=0&wait=0"); fmt.Sprintf("%+v", f.Notices[0].Data.Sequence) != fmt.Sprint(hook.Data.Sequence) || f.Notices[0].Timestamp != hook.Timestamp {
			t.Errorf("the feed says %+v, the webhook %+v", f.Notices[0], hook)
		}
	})
	o.acknowledges(t, ways["second"], begun.Stream)
	o.refusesFeeds(t, begun.Stream)
	o.beats(t, second.service, begun.Stream)
	t.Run("a withdrawn token ends its wait", func(t *testing.T) {
		id, secret := o.token(o.parties["second recipient"], "READ")
		answers := later(t, o.recipient.with(secret), "?wait=60")
		waited(t, o.service, 1)
		o.must(o.parties["second recipient"].query(t.Context(), `mutation($input: RevokeTokenInput!) { revokeToken(input: $input) { errors { code field message } } }`,
			map[string]any{"input": map[string]any{"idempotencyKey": "gone", "tokenId": id}}, "revokeToken", nil))
		if f := <-answers; f.status != 401 || f.code() != "UNAUTHENTICATED" {
			t.Errorf("answered %d %s", f.status, f.code())
		}
	})
	t.Run("a process that stops answers who waits", func(t *testing.T) {
		answers := later(t, ways["second"], "?after=1&wait=60"+place)
		waited(t, second.service, 1)
		if err := second.service.stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if f := <-answers; f.status != 200 || f.Next != 1 || len(f.Notices) != 0 {
			t.Errorf("answered %+v", f)
		}
	})
}

// beats lets both processes make the heartbeats that are owed: each endpoint is
// sent one.
func (o *office) beats(t *testing.T, second *service, stream string) {
	t.Run("a heartbeat says to an endpoint where the sequence stands, once", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), o.service.database.cluster.SuperuserURL(databaseName))
		o.must(err)
		defer conn.Close(context.WithoutCancel(t.Context()))
		_, err = conn.Exec(t.Context(), "UPDATE endpoints SET created_at = created_at - interval '3 hours'")
		o.must(err)
		made := 0
		for _, s := range []*service{o.service, second, o.service} {
			n, err := s.chapters.notifier.SendHeartbeats(t.Context())
			o.must(err)
			made += n
		}
		if made > len(o.partners) {
			t.Errorf("%d heartbeats for %d endpoints", made, len(o.partners))
		}
		hook := o.partners["recipient"].next(t, poa.NoticeHeartbeat)
		h, err := receipt.VerifyHeartbeat(hook.Data.Heartbeat, get(t, o.anyone, "/.well-known/jwks.json", nil).body)
		if err != nil || h.Head != 1 || h.Stream != stream || hook.Data.Sequence != 1 || hook.Data.Previous != 1 || h.Party != o.partyOf(t, o.recipient) || h.Every != time.Hour {
			t.Errorf("told %+v: %+v, %v", hook, h, err)
		}
		if f := feedOf(t, o.recipient, "?after=0&wait=0"); f.Head != 1 {
			t.Errorf("a heartbeat took a number: %d", f.Head)
		}
	})
}

// acknowledges acknowledges the first number at one process and reads at another.
func (o *office) acknowledges(t *testing.T, beside *client, stream string) {
	t.Run("is acknowledged, and goes on after that", func(t *testing.T) {
		acknowledge := func(c *client, body string) fed {
			return readFed(t, do(t, c, http.MethodPost, "/feed/ack", http.Header{"Content-Type": {"application/json"}}, body))
		}
		body := fmt.Sprintf(`{"stream": %q, "sequence": 1}`, stream)
		for range 2 {
			if f := acknowledge(beside, body); f.status != 200 || f.Acknowledged != 1 || f.AcknowledgedAt == nil {
				t.Errorf("answered %+v", f)
			}
		}
		if f := feedOf(t, o.recipient, "?wait=0"); f.Acknowledged != 1 || f.Next != 1 || len(f.Notices) != 0 {
			t.Errorf("goes on with %+v", f)
		}
		_, reading := o.token(o.recipient, "READ")
		for text, want := range map[string]struct {
			c      *client
			status int
			code   string
		}{
			`{"stream": "00000000-0000-4000-8000-000000000000", "sequence": 1}`: {o.recipient, 409, "STREAM_CHANGED"},
			strings.Replace(body, "1}", "2}", 1):                                {o.recipient, 400, "INVALID"},
			`{"stream": "x", "sequence": 1, "more": 1}`:                         {o.recipient, 400, "BAD_USER_INPUT"},
			body + "{}":                         {o.recipient, 400, "BAD_USER_INPUT"},
			strings.Repeat(" ", 5000):           {o.recipient, 413, "TOO_LARGE"},
			body:                                {o.recipient.with(reading), 403, "FORBIDDEN"},
			strings.Replace(body, ":", " :", 1): {o.anyone, 401, "UNAUTHENTICATED"},
		} {
			if f := acknowledge(want.c, text); f.status != want.status || f.code() != want.code {
				t.Errorf("%.80s: %d %s, want %d %s", text, f.status, f.code(), want.status, want.code)
			}
		}
	})
}

// refusesFeeds asks for what the feed must not answer.
func (o *office) refusesFeeds(t *testing.T, stream string) {
	t.Run("what cannot be answered is refused with its code", func(t *testing.T) {
		_, validity := o.token(o.recipient, "VALIDITY")
		for query, want := range map[string]struct {
			c      *client
			status int
			code   string
		}{
			"?after=x":                  {o.recipient, 400, "INVALID"},
			"?after=-1":                 {o.recipient, 400, "INVALID"},
			"?after=1&after=2":          {o.recipient, 400, "INVALID"},
			"?wait=61":                  {o.recipient, 400, "INVALID"},
			"?wait=-1":                  {o.recipient, 400, "INVALID"},
			"?limit=0":                  {o.recipient, 400, "INVALID"},
			"?limit=1001":               {o.recipient, 400, "TOO_MANY"},
			"?ack=1":                    {o.recipient, 400, "INVALID"},
			"?after=9&stream=" + stream: {o.recipient, 409, "STREAM_CHANGED"},
			"?stream=00000000-0000-4000-8000-000000000000": {o.recipient, 409, "STREAM_CHANGED"},
			"?wait=0":   {o.reception, 403, "FORBIDDEN"},
			"?wait=1":   {o.recipient.with(validity), 403, "FORBIDDEN"},
			"?wait=2":   {o.anyone, 401, "UNAUTHENTICATED"},
			"?wait=3":   {o.recipient.with("injt_test_" + strings.Repeat("0", 64) + "_00000000"), 401, "UNAUTHENTICATED"},
			"?stream=%": {o.recipient, 400, "BAD_USER_INPUT"},
		} {
			if f := feedOf(t, want.c, query); f.status != want.status || f.code() != want.code || (f.Stream == stream) != (want.code == "STREAM_CHANGED") {
				t.Errorf("%s: %d %s, want %d %s", query, f.status, f.code(), want.status, want.code)
			}
		}
		if got := do(t, o.recipient, http.MethodPost, "/feed", nil, ""); got.status != 405 || got.header.Get("Allow") != "GET" {
			t.Errorf("POST: %d %q", got.status, got.header.Get("Allow"))
		}
	})
	t.Run("too many of one party are told to come again", func(t *testing.T) {
		var places []*poa.Waiter
		for range poa.MaxWaitersOfParty {
			w, err := o.service.bell.Enter(poa.Actor{PartyID: o.partyOf(t, o.recipient)})
			o.must(err)
			places = append(places, w)
		}
		if f := feedOf(t, o.recipient, "?wait=1"); f.status != 429 || f.code() != "RATE_LIMITED" || f.header.Get("Retry-After") == "" {
			t.Errorf("answered %d %s", f.status, f.code())
		}
		for _, w := range places {
			w.Leave()
		}
	})
}

// partyOf is the recipient that a client acts for.
func (o *office) partyOf(t *testing.T, c *client) string {
	t.Helper()
	var viewer struct{ Recipient struct{ ID string } }
	o.must(c.query(t.Context(), `{ viewer { recipient { id } } }`, nil, "viewer", &viewer))
	return viewer.Recipient.ID
}
