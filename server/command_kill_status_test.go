// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// sources are OCSP responder and time stamp authority outside of the building,
// which can fall silent.
type sources struct {
	silent atomic.Bool
	http   *httptest.Server
	args   []string
}

// newSources serves the authority of a hierarchy that is pinned as a real one.
func newSources(t *testing.T, d *demo, dir string) *sources {
	t.Helper()
	stamps := poatest.MustTSA(t, d.ca)
	mux := http.NewServeMux()
	mux.Handle("/ocsp", d.ca.OCSPHandler(d.clock.Now))
	mux.Handle("/tsa", stamps.Handler(d.clock))
	s := &sources{}
	s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.silent.Load() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.http.Close)
	roots := filepath.Join(dir, "roots")
	if err := os.MkdirAll(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.ca.WriteRoots(roots); err != nil {
		t.Fatal(err)
	}
	pin := sha256.Sum256(d.ca.Root.Raw)
	s.args = []string{"--roots", roots, "--policy-oids", poatest.PolicyTest, "--status", hex.EncodeToString(pin[:]) + "=ocsp:" + s.http.URL + "/ocsp",
		"--status-allow", strings.TrimPrefix(s.http.URL, "http://"), "--status-timeout", "2s", "--tsa", s.http.URL + "/tsa", "--tsa-roots", roots}
	return s
}

// TestKillBeforeTheAnswer kills the program after it acknowledged a filing whose
// status nobody could tell, with its evidence unstamped: started again it asks
// and stamps, and the filing ends as it must.
func TestKillBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	dir, beside := freshHome(t), t.TempDir()
	d := &demo{out: &output{&kept{}, &kept{}}, clock: newDemoClock(0), dir: beside, logins: map[string]login{}, filings: map[string]filing{}}
	d.ca = poatest.MustCA(t, d.clock.Now(), poatest.WithOwnKey(), poatest.WithOrganization("JPKI"))
	d.signer, d.deputy = poatest.MustIssue(t, d.ca, signer), poatest.MustIssue(t, d.ca, deputy)
	s := newSources(t, d, beside)
	args := append([]string{"--data-dir", dir, "--anonymous-rate", "0"}, s.args...)
	p, base := serving(t, nil, args...)
	d.terms = publishTerms(t, base, "--data-dir", dir)
	enrolBeside(t, d, dir, base)
	jobs := func(sql string) string {
		t.Helper()
		var text string
		besideService(t, dir, func(ctx context.Context, b *service) error { return b.db.Pool().QueryRow(ctx, sql).Scan(&text) })
		return text
	}
	id := waitingFiling(t, d, s, func() bool {
		return jobs("SELECT count(*)::text FROM river.river_job WHERE kind = 'evidence.stamp' AND state <> 'completed'") == "0"
	})
	const waiting = "SELECT count(*)::text FROM river.river_job WHERE kind IN ('status.ask', 'evidence.stamp') AND state IN ('scheduled', 'retryable')"
	await(t, "everything waits", func() bool { return jobs(waiting) == "2" })
	p.signal(t, syscall.SIGKILL)
	p.status(t, patience)
	goneWith(t, dir)
	s.silent.Store(false)
	p, base = serving(t, nil, args...)
	jobs("WITH due AS (UPDATE river.river_job SET scheduled_at = now() WHERE kind IN ('status.ask', 'evidence.stamp') AND state IN ('scheduled', 'retryable') RETURNING 1) SELECT count(*)::text FROM due")
	c := clientOf(t, base, d.delegator.token)
	await(t, "the filing is accepted and its evidence stamped", func() bool { return settled(t, c, id) })
	p.stop(t)
}

// besideService acts on the data of a program that serves, as a command does.
func besideService(t *testing.T, dir string, do func(context.Context, *service) error) {
	t.Helper()
	b, err := Config{DataDir: dir, Addr: "127.0.0.1:0"}.besideServe(t.Context(), &output{&kept{}, &kept{}})
	if err != nil {
		t.Fatal(err)
	}
	err = do(t.Context(), b)
	if stopped := b.stop(context.WithoutCancel(t.Context())); err != nil || stopped != nil {
		t.Fatal(err, stopped)
	}
}

// enrolBeside brings a delegator under contract; reception's part is done beside
// the program, since its staff have no tokens.
func enrolBeside(t *testing.T, d *demo, dir, base string) {
	t.Helper()
	var err error
	d.base, d.mailbox = base, &mailbox{dir: filepath.Join(dir, "mail"), seen: map[string]bool{}}
	if d.anyone, err = newClient(base, ""); err != nil {
		t.Fatal(err)
	}
	id, err := d.register(t.Context(), "registerDelegator", company, companyNumber, "delegator"+domainOf, nil)
	if err != nil {
		t.Fatal(err)
	}
	besideService(t, dir, func(ctx context.Context, b *service) error {
		reception := poa.Actor{Kind: poa.ActorStaff, ID: poa.NewID(poa.PrefixStaff), Roles: []poa.Role{poa.RoleReception}, Language: "ja"}
		err := b.chapters.enrollment.Confirm(ctx, reception, poa.ConfirmInput{IdempotencyKey: "confirm", PartyID: id, Document: poa.RegisterCertificate,
			DocumentDate: poa.DateOf(d.clock.Now()).AddDays(-7), CorporateNumber: companyNumber, Name: company, Address: companyAddress, RepresentativeTitle: "代表取締役",
			RepresentativeName: signer.Name, RepresentativeAddress: signer.Address})
		if err != nil {
			return err
		}
		return b.chapters.enrollment.Decide(ctx, reception, poa.DecideInput{IdempotencyKey: "decide", PartyID: id, Accept: true})
	})
	if d.delegator, err = d.signedIn(t.Context(), "delegator"+domainOf, "delegator"); err != nil {
		t.Fatal(err)
	}
}

// waitingFiling files while the sources are silent.
func waitingFiling(t *testing.T, d *demo, s *sources, stamped func() bool) string {
	t.Helper()
	today := poa.DateOf(d.clock.Now())
	o := d.filled(order{name: "waiting", from: today, through: today.AddDays(30)})
	id, draft, err := d.draft(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.handIn(t.Context(), id, o.handedInBy); err != nil {
		t.Fatal(err)
	}
	signed, err := d.sign(o.signedBy, o.format, draft)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the delegate's record is stamped", stamped)
	s.silent.Store(true)
	var payload struct {
		Delegation struct {
			State           poa.State
			Acknowledgement struct{ Number string }
		}
	}
	err = d.delegator.query(t.Context(), `mutation($input: SubmitDelegationInput!) { submitDelegation(input: $input) { delegation { state acknowledgement { number } } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "submit", "delegationId": id, "signedFile": signed}}, "submitDelegation", &payload)
	if err != nil || payload.Delegation.State != poa.StateSubmitted || payload.Delegation.Acknowledgement.Number == "" {
		t.Fatalf("filed as %+v, %v", payload, err)
	}
	return id
}

// settled tells whether the filing was accepted and every record has its stamp.
func settled(t *testing.T, c *client, id string) bool {
	t.Helper()
	var state struct{ State poa.State }
	if err := c.query(t.Context(), `query($id: ID!) { delegation(id: $id) { state } }`, map[string]any{"id": id}, "delegation", &state); err != nil {
		t.Fatal(err)
	}
	var evidence struct {
		Records []struct {
			Kind   string
			Stamps []struct{ Hash string }
		}
	}
	if err := c.query(t.Context(), `query($id: ID!) { evidence(delegationId: $id) { records { kind stamps { hash } } } }`, map[string]any{"id": id}, "evidence", &evidence); err != nil {
		t.Fatal(err)
	}
	stamped := len(evidence.Records) == 3 // INTAKE, STATUS, DECISION
	for _, r := range evidence.Records {
		stamped = stamped && len(r.Stamps) == 1
	}
	return state.State == poa.StateAccepted && stamped
}
