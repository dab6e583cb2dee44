// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rule is something that may be read by some only.
type rule struct {
	what string
	// hint stands in every find: most texts hold none, and a regular expression
	// over a whole database takes long.
	hint string
	find *regexp.Regexp
	// may tells who may read a find.
	may func(s source, found string) bool
}

// ofInsides tells whether it is one of insides: files are not searched for
// these, since PostgreSQL's own and migrations are full of them.
func (r rule) ofInsides() bool { return r.what == sql || r.what == stack }

const sql, stack = "SQL", "a stack"

// to allows the readers, wherever they read it.
func to(readers ...string) func(source, string) bool {
	return func(s source, _ string) bool { return slices.Contains(readers, s.reader) }
}

// orEvidence allows the auditor, too, where the evidence of a filing is read: it
// holds what was compared (6.2.9), and reading it is audited.
func orEvidence(may func(source, string) bool) func(source, string) bool {
	return func(s source, found string) bool {
		return may(s, found) || s.reader == "auditor" && strings.HasPrefix(s.name, "GET /staff/evidence/")
	}
}

func nobody(source, string) bool { return false }

// loose is a name or an address as it may be written: with any space, or none.
func loose(text string) *regexp.Regexp {
	var parts []string
	for _, r := range strings.NewReplacer("　", "", " ", "").Replace(text) {
		parts = append(parts, regexp.QuoteMeta(string(r)))
	}
	return regexp.MustCompile(strings.Join(parts, `[\s　]*`))
}

// first is the hint of a loose text.
func first(text string) string { return string([]rune(text)[:1]) }

// rules are what this office's parties may read.
func (o *office) rules() []rule {
	staff := []string{"reception", "owner"}
	with := func(readers ...string) func(source, string) bool { return orEvidence(to(append(readers, staff...)...)) }
	people := []rule{
		{"the delegator's representative's name", first(signer.Name), loose(signer.Name), with("delegator", "delegate")},
		{"the delegator's representative's address", first(signer.Address), loose(signer.Address), with("delegator")},
		{"the second delegator's representative's name", first(otherSigner.Name), loose(otherSigner.Name), with("second delegator", "delegate")},
		{"the second delegator's representative's address", first(otherSigner.Address), loose(otherSigner.Address), with("second delegator")},
		{"the delegate's name", first(deputy.Name), loose(deputy.Name), with("delegator", "second delegator", "delegate")},
		{"the delegate's address", first(deputy.Address), loose(deputy.Address), with("delegator", "second delegator", "delegate")},
		{"the recipients' representative's name", first(bankDirector.Name), loose(bankDirector.Name), with("recipient", "second recipient")},
		{"who files for the recipients", first("見本 三郎"), loose("見本 三郎"), with("recipient", "second recipient")},
		{"a telephone number", telephone, regexp.MustCompile(regexp.QuoteMeta(telephone)), with("delegator", "second delegator", "recipient", "second recipient")},
		{"the auditor's name", first(auditorsName), loose(auditorsName), with("auditor")},
		{"the delegate's mail address", "delegate" + domainOf, regexp.MustCompile("delegate" + domainOf), with("delegator", "second delegator", "delegate")},
	}
	for _, date := range []string{"1970-05-01", "1985-11-23", "1961-02-03", "1970年5月1日", "1985年11月23日", "319700501", "319851123", "319610203"} {
		people = append(people, rule{"a birth date", date, regexp.MustCompile(date), with("delegator", "second delegator", "delegate")})
	}
	for _, role := range []string{"delegator", "second delegator", "recipient", "second recipient", "auditor"} {
		people = append(people, rule{"the mail address of the " + role, mailOf(role), regexp.MustCompile(`(^|[^a-z-])` + mailOf(role)), with(role)})
	}
	return append(append(people, o.openers()...), insides...)
}

// openers are tokens, links, secrets, passwords: each its owner's, shown once.
func (o *office) openers() []rule {
	rules := []rule{
		{"an API token", "inj_", tokenPattern, func(s source, found string) bool {
			return s.kind == "answer" && s.name == "POST /tokens" && o.parties[s.reader] != nil && o.parties[s.reader].token == found
		}},
		{"a one-time link", "injl_", regexp.MustCompile(`injl_[0-9a-f]{8,}`), func(s source, _ string) bool { return s.kind == "mail" || s.reader == "delegate" }},
		{"a webhook's secret", "whsec_", regexp.MustCompile(`whsec_[A-Za-z0-9+/]{8,}`), func(s source, _ string) bool {
			return s.kind == "answer" && s.name == "POST /graphql" && o.partners[s.reader] != nil
		}},
	}
	for what, text := range o.secrets() {
		if strings.HasPrefix(what, "token") {
			continue // by its pattern
		}
		may := nobody
		if strings.HasPrefix(what, "second factor") {
			may = to("owner") // who appoints hands it over
		}
		rules = append(rules, rule{"the " + what, text, regexp.MustCompile(regexp.QuoteMeta(text)), may})
	}
	return rules
}

// insides are what shows how the program is built: nobody's to read. What
// PostgreSQL's files, migrations and Go's own metrics say of themselves is no
// leak.
var insides = []rule{
	inside(sql, "SQLSTATE", `SQLSTATE`),
	inside(sql, "SELECT", sqlFrom("SELECT")), inside(sql, "INSERT INTO", sqlFrom("INSERT INTO")),
	inside(sql, "UPDATE", sqlFrom("UPDATE")), inside(sql, "DELETE FROM", sqlFrom("DELETE FROM")),
	inside(sql, "syntax error at or near", `syntax error at or near`), inside(sql, "violates ", `violates [a-z-]+ constraint`),
	inside(sql, `relation "`, `relation "`), inside(sql, "pgx", `\bpgx\b`), inside(sql, "bun.", `\bbun\.`),
	inside(stack, "goroutine ", `goroutine \d+ \[`), inside(stack, ".go:", `\.go:\d+`), inside(stack, "runtime/debug", `runtime/debug`),
	inside(stack, "runtime error", `runtime error`), inside(stack, "panic:", `panic:`),
}

func inside(what, hint, pattern string) rule {
	return rule{what, hint, regexp.MustCompile(pattern), schema}
}

// sqlFrom is a statement that begins with the words.
func sqlFrom(words string) string {
	return `\b` + words + `\b[^<]{1,200}\b(FROM|VALUES|SET|WHERE)\b`
}

func schema(s source, _ string) bool {
	return s.kind == "file" || s.kind == "metrics" || strings.Contains(s.kind, "migrations") || strings.Contains(s.kind, "river_migration")
}

// search tells every find that its reader may not read.
func search(sources []source, rules []rule) []string {
	var leaks []string
	for _, s := range sources {
		for _, r := range rules {
			if r.ofInsides() && s.kind == "file" || !bytes.Contains(s.text, []byte(r.hint)) {
				continue
			}
			for _, found := range r.find.FindAllIndex(s.text, -1) {
				text := string(s.text[found[0]:found[1]])
				if !r.may(s, text) {
					around := s.text[max(0, found[0]-80):min(len(s.text), found[1]+80)]
					leaks = append(leaks, fmt.Sprintf("%s is in %s %q for %q: %q", r.what, s.kind, s.name, s.reader, around))
					break
				}
			}
		}
	}
	return leaks
}

// TestNothingLeaks searches all that a whole run wrote, then shows that the
// search finds what is put there.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.live()
	sources := o.gather()
	whole(t, sources)
	for _, leak := range search(sources, o.rules()) {
		t.Error(leak)
	}
	before := len(o.stored())
	planted := o.plant()
	o.checkPlanted(search(o.gather(), o.rules()), planted)
	if err := o.stop(); err != nil {
		t.Error(err)
	}
	o.checkFiles(before)
}

// whole wants that every kind of source was gathered, with something in it.
func whole(t *testing.T, sources []source) {
	t.Helper()
	for _, want := range []struct{ kind, reader, text string }{
		{"log", "", `"msg":"request"`}, {"metrics", "", "ininjo_http_request_seconds"}, {"table " + riverJobs, "", "send_mail"}, {"table public.deliveries", "", "delegation.revoked"},
		{"table public.outbox", "", "delegation.revoked"}, {"PostgreSQL's log", "", "ready to accept connections"},
		{"answer", "delegator", signer.Name}, {"answer", "second delegator", otherSigner.Name}, {"answer", "recipient", bankDirector.Name},
		{"answer", "delegate", "電子委任状"}, {"answer", "reception", deputy.Address}, {"answer", "owner", "SERVICE_OWNER"}, {"answer", "auditor", "leafHash"}, {"answer", "anonymous", "UNAUTHENTICATED"},
		{"mail", "delegate", "/l/injl_"}, {"mail", "recipient", "失効"}, {"mail", "delegator", "受付"}, {"webhook", "recipient", "delegation.revoked"}, {"webhook", "delegator", "delegation.accepted"},
	} {
		if !slices.ContainsFunc(sources, func(s source) bool {
			return s.kind == want.kind && s.reader == want.reader && strings.Contains(string(s.text), want.text)
		}) {
			t.Errorf("no %s for %q holds %q: the search sees too little", want.kind, want.reader, want.text)
		}
	}
	audited := slices.ContainsFunc(sources, func(s source) bool {
		return strings.HasPrefix(s.kind, "table public.audit_events") && strings.Contains(string(s.text), "delegation.revoked")
	})
	if !audited {
		t.Error("no audit event was gathered")
	}
}

// plant leaks a name by every way that the service writes, and returns the
// kinds of source that it then stands in.
func (o *office) plant() []string {
	o.t.Helper()
	ctx, name := context.WithoutCancel(o.t.Context()), auditorsName
	o.service.log.Info("planted", "name", name)
	o.service.metrics.gauge("planted", name, func() float64 { return 1 })
	pool := o.service.db.Pool()
	for _, statement := range []string{
		`INSERT INTO ` + riverJobs + ` (kind, args, max_attempts, state, finalized_at) VALUES ('planted', jsonb_build_object('name', '` + name + `'), 1, 'completed', now())`,
		`INSERT INTO audit_events (id, at, actor_kind, actor_id, action, outcome, data) VALUES ('evt_planted', now(), 'SYSTEM', 'x', 'planted', 'DONE', '{"name":"` + name + `"}')`,
		`DO $$ BEGIN RAISE LOG 'planted ` + name + `'; END $$`,
	} {
		_, err := pool.Exec(ctx, statement)
		o.must(err)
	}
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(name)) }))
	defer foreign.Close()
	way := o.way("second recipient")
	way.base = foreign.URL
	get(o.t, way, "/planted", nil)
	o.must(os.WriteFile(filepath.Join(o.post.dir, "planted.eml"), []byte("To: <second-recipient@example.jp>\r\nSubject: planted\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+name), 0o600))
	p := o.partners["second recipient"]
	p.mu.Lock()
	p.bodies = append(p.bodies, []byte(name))
	p.mu.Unlock()
	return []string{"log", "metrics", "table " + riverJobs, "table public.audit_events", "PostgreSQL's log", "answer", "mail", "webhook"}
}

func (o *office) checkPlanted(leaks, kinds []string) {
	o.t.Helper()
	for _, kind := range kinds {
		if !slices.ContainsFunc(leaks, func(leak string) bool {
			return strings.HasPrefix(leak, "the auditor's name is in "+kind)
		}) {
			o.t.Errorf("a name planted in %s was not found", kind)
		}
	}
}

// checkFiles searches the files of the stopped service: beside the planted
// name, which the tables now hold, nothing is there.
func (o *office) checkFiles(before int) {
	o.t.Helper()
	files := o.stored()
	if len(files) < before/2 || len(files) < 300 {
		o.t.Errorf("%d files were searched, of %d before the stop", len(files), before)
	}
	found := 0
	for _, leak := range search(files, o.rules()) {
		if strings.HasPrefix(leak, "the auditor's name ") {
			found++
			continue
		}
		o.t.Error(leak)
	}
	if found == 0 {
		o.t.Error("a name planted in tables was not found in the files")
	}
}
