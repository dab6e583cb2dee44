// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pquerna/otp/totp"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/poatest"
)

// office is a service of the tests' own, on a private PostgreSQL, with a real
// mail server and partners' receivers in the test's process. Everything that
// its parties are answered is kept.
type office struct {
	*demo
	t        *testing.T
	post     *postOffice
	log      *kept
	answers  *answers
	partners map[string]*partner
	// other is a second business, beside the demo's.
	other *demo
	// delegators and recipients by their role in the tests.
	parties map[string]*client
	stop    func() error
}

// Sample people of the tests, beside the demo's.
var (
	otherSigner  = poatest.Person{Name: "別府　史郎", Address: "大分県別府市上野口町１－１５", BirthDate: "1961-02-03", Gender: "1"}
	bankDirector = poatest.Person{Name: "銀　五郎", Address: "東京都千代田区丸の内１－１－１", BirthDate: "1958-08-09", Gender: "1"}
)

// riverJobs is the table of jobs.
const riverJobs = db.RiverSchema + ".river_job"

const (
	otherCompany       = "別府温泉有限会社"
	otherCompanyNumber = "6320002999992"
	telephone          = "03-5253-4111"
	auditorsName       = "監査 次郎"
)

// newOffice starts a service and brings a staff, two businesses and two
// recipients into it, most with a webhook endpoint.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := openOffice(t)
	o.enroll()
	return o
}

// openOffice starts a service with a staff and nobody else.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := emptyOffice(t)
	o.start(nil)
	o.appoint()
	return o
}

// emptyOffice prepares all that a service needs to start.
func emptyOffice(t *testing.T) *office {
	t.Helper()
	dir, err := folderOf("office")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	clock := newDemoClock(0)
	o := &office{t: t, log: &kept{}, answers: newAnswers(), post: newPostOffice(t, filepath.Join(dir, "received")), partners: map[string]*partner{}, parties: map[string]*client{},
		demo: &demo{out: &output{&kept{}, &kept{}}, clock: clock, began: clock.Now(), dir: dir, logins: map[string]login{}, filings: map[string]filing{}}}
	o.mailbox = &mailbox{dir: o.post.dir, seen: map[string]bool{}}
	if err := o.certify(); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"recipient", "second recipient", "delegator"} {
		o.partners[role] = newPartner(t)
	}
	return o
}

// start serves with the settings that an operator would give, as change leaves
// them.
func (o *office) start(change func(*Config)) {
	o.t.Helper()
	c := Config{Addr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0", DataDir: o.dir, Roots: filepath.Join(o.dir, "ca", "roots"), PolicyOIDs: []string{poatest.PolicyTest},
		ServiceName: "Ininjo 試験", SMTP: o.post.address, SMTPTLS: "none", MailFrom: "no-reply@ininjo.example.jp", LogFormat: "json", demo: true}
	for _, p := range o.partners {
		c.WebhookAllow = append(c.WebhookAllow, p.address)
	}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.t.Context()), startTimeout)
	defer cancel()
	var err error
	if o.service, err = newService(ctx, c, o.clock, slog.New(slog.NewJSONHandler(o.log, nil))); err != nil {
		o.t.Fatal(err)
	}
	stop := sync.OnceValue(func() error { return o.service.stop(context.WithoutCancel(o.t.Context())) })
	o.t.Cleanup(func() {
		if err := stop(); err != nil {
			o.t.Errorf("stopping: %v", err)
		}
	})
	o.stop = stop
	if err := o.service.begin(ctx); err != nil {
		o.t.Fatal(err)
	}
	o.base = o.service.policy.PublicURL
	o.anyone = o.way("anonymous")
	o.must(o.publish(o.t.Context()))
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatalf("%v\n%s", err, o.log.tail())
	}
}

// way is a way in whose answers are kept under the role.
func (o *office) way(role string) *client {
	c := clientOf(o.t, o.base, "")
	c.http.Transport = &recording{role: role, answers: o.answers}
	return c
}

// code is the second factor of a member of staff, now; empty for others.
func (o *office) code(email string) string {
	o.t.Helper()
	l := o.logins[email]
	if l.TOTPSecret == "" {
		return ""
	}
	code, err := totp.GenerateCode(l.TOTPSecret, o.clock.Now())
	o.must(err)
	return code
}

// enters signs a role in and makes it a token.
func (o *office) enters(role, email string) *client {
	o.t.Helper()
	c := o.way(role)
	o.must(c.signIn(o.t.Context(), email, o.logins[email].Password, o.code(email)))
	token, err := c.newToken(o.t.Context(), role)
	o.must(err)
	o.parties[role] = c.with(token)
	return o.parties[role]
}

// appoint brings the staff in: the first by the command line's way.
func (o *office) appoint() {
	ctx, email, password := o.t.Context(), "owner"+domainOf, newPassword()
	account, err := o.service.chapters.enrollment.AppointStaff(ctx, poa.System, poa.StaffInput{Name: "責任 一郎", Email: email, Roles: []poa.Role{poa.RoleServiceOwner}, Fitness: poatest.Fitness(), Password: password})
	o.must(err)
	o.logins[email] = login{Email: email, Password: password, TOTPSecret: account.TOTPSecret}
	o.owner = o.enters("owner", email)
	o.must(o.staffMember(ctx, o.owner, "受付 花子", "reception"+domainOf, poa.RoleReception))
	o.must(o.staffMember(ctx, o.owner, auditorsName, "auditor"+domainOf, poa.RoleAuditor))
	o.reception = o.enters("reception", "reception"+domainOf)
	o.enters("auditor", "auditor"+domainOf)
}

// enroll brings the parties in, each with a webhook endpoint where it has a
// partner.
func (o *office) enroll() {
	o.delegator = o.business("delegator", company, companyNumber, companyAddress, signer)
	other := *o.demo
	o.other = &other
	o.other.delegator = o.business("second delegator", otherCompany, otherCompanyNumber, "大分県別府市上野口町１－１", otherSigner)
	var err error
	o.other.signer, err = o.ca.Issue(otherSigner)
	o.must(err)
	o.recipient = o.bank("recipient", bank, bankNumber, true)
	o.bank("second recipient", "第二見本信用金庫", "7000012050002", false)
	for role, p := range o.partners {
		p.expect(o.t, o.endpoint(o.parties[role], "http://"+p.address+"/hook"))
	}
}

func mailOf(role string) string { return strings.ReplaceAll(role, " ", "-") + domainOf }

func representative(p poatest.Person) map[string]any {
	return map[string]any{"title": "代表取締役", "name": p.Name, "address": p.Address, "telephone": telephone}
}

func (o *office) business(role, name, number, address string, head poatest.Person) *client {
	o.t.Helper()
	ctx, email := o.t.Context(), mailOf(role)
	id, err := o.register(ctx, "registerDelegator", name, number, email, map[string]any{"address": address, "representative": representative(head)})
	o.must(err)
	says := map[string]any{"idempotencyKey": "confirm-" + id, "partyId": id, "document": "REGISTER_CERTIFICATE", "documentDate": poa.DateOf(o.clock.Now()).AddDays(-7).String(),
		"corporateNumber": number, "name": name, "address": address, "representativeTitle": "代表取締役", "representativeName": head.Name, "representativeAddress": head.Address}
	o.must(o.reception.query(ctx, `mutation($input: ConfirmDelegatorInput!) { confirmDelegator(input: $input) { errors { code field message } } }`, map[string]any{"input": says}, "confirmDelegator", nil))
	o.must(o.decide(ctx, id))
	return o.enters(role, email)
}

func (o *office) bank(role, name, number string, shown bool) *client {
	o.t.Helper()
	email := mailOf(role)
	id, err := o.register(o.t.Context(), "registerRecipient", name, number, email,
		map[string]any{"filer": "見本 三郎", "nameShown": shown, "address": bankDirector.Address, "representative": representative(bankDirector)})
	o.must(err)
	o.must(o.decide(o.t.Context(), id))
	return o.enters(role, email)
}

// endpoint makes a webhook endpoint and returns its secret.
func (o *office) endpoint(c *client, url string) string {
	o.t.Helper()
	var made struct {
		Secret string `json:"secret"`
	}
	o.must(c.query(o.t.Context(), `mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "hook", "url": url}}, "createWebhookEndpoint", &made))
	return made.Secret
}

func (o *office) watch(role, id string) {
	o.t.Helper()
	o.must(o.parties[role].query(o.t.Context(), `mutation($input: WatchDelegationInput!) { watchDelegation(input: $input) { errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "watch-" + id, "delegationId": id}}, "watchDelegation", nil))
}

func (o *office) revokes(c *client, id string) {
	o.t.Helper()
	o.must(c.query(o.t.Context(), `mutation($input: RevokeDelegationInput!) { revokeDelegation(input: $input) { errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "revoke-" + id, "delegationId": id}}, "revokeDelegation", nil))
}

// files brings a delegation of a business into the service.
func (o *office) files(d *demo, name string) filing {
	o.t.Helper()
	today := poa.DateOf(o.clock.Now())
	made, err := d.fileAs(o.t.Context(), order{name: name, from: today, through: today.AddDays(90)})
	o.must(err)
	return made
}

// idle waits until no job is under way or due: then nothing more is told.
func (o *office) idle() {
	o.t.Helper()
	for o.t.Context().Err() == nil {
		waiting, err := o.service.db.Pool().Query(o.t.Context(), `SELECT 1 FROM outbox WHERE numbered_at IS NULL
			UNION ALL SELECT 1 FROM `+riverJobs+` WHERE state IN ('available', 'running', 'retryable') OR state = 'scheduled' AND scheduled_at < now() + interval '10 s' LIMIT 1`)
		o.must(err)
		busy := waiting.Next()
		waiting.Close()
		o.must(waiting.Err())
		if !busy {
			return
		}
	}
	o.must(errors.Join(fmt.Errorf("waiting for jobs to end"), o.t.Context().Err()))
}

// secrets are all that opens something: tokens, passwords, second factors.
func (o *office) secrets() map[string]string {
	found := map[string]string{}
	for email, l := range maps.All(o.logins) {
		found["password of "+email] = l.Password
		if l.TOTPSecret != "" {
			found["second factor of "+email] = l.TOTPSecret
		}
	}
	for role, c := range o.parties {
		found["token of "+role] = c.token
	}
	return found
}
