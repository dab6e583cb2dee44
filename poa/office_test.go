// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
)

// The people and the business of these tests.
var (
	representative = poatest.Person{Name: "山田　太郎", Address: "東京都千代田区霞が関１－１－１", BirthDate: "1970-04-01", Gender: "1"}
	delegatePerson = poatest.Person{Name: "佐藤　花子", Address: "大阪府大阪市北区梅田２－２－２", BirthDate: "1985-12-24", Gender: "2"}
)

const (
	corporateNumber = "7000012050002"
	password        = "correct horse battery"
)

// office is the whole ground floor over a PostgreSQL of the test's own, with
// every party that the main job needs. Jobs go into the table of dbtest, in the
// transaction of the act.
type office struct {
	tb         testing.TB
	data       *dbtest.Database
	store      poa.Store
	clock      *poatest.Clock
	policy     poa.Policy
	ca         *poatest.CA
	signer     *poatest.Signer
	delegate   *poatest.Signer
	jwks       []byte
	enrollment *poa.Enrollment
	registrar  *poa.Registrar
	responder  *poa.Responder
	notifier   *poa.Notifier
	records    *poa.Records

	serviceOwner, reception, auditor poa.Actor
	termsID                          string
	delegator, recipient             poa.Actor
	credential                       poa.Credential
}

// newHouse is an office with its staff and terms, without other parties.
func newHouse(tb testing.TB, options ...dbtest.Option) *office {
	tb.Helper()
	data := dbtest.New(tb, options...)
	o := &office{tb: tb, data: data, store: data.DB, clock: data.Clock, policy: poa.DefaultPolicy("https://ininjo.example")}
	o.policy.PolicyOID = "1.2.392.200000.1"
	o.ca = poatest.MustCA(tb, o.clock.Now())
	o.signer, o.delegate = poatest.MustIssue(tb, o.ca, representative), poatest.MustIssue(tb, o.ca, delegatePerson)
	o.wire()
	o.staff()
	must(tb, o.enrollment.Publish(tb.Context(), poa.System, poa.PublishInput{Kind: poa.TermsOfUse, Version: "1", Title: "利用約款", Body: "第1条", EffectiveFrom: poa.DateOf(o.clock.Now())}))
	published, err := o.records.Published(tb.Context())
	must(tb, err)
	o.termsID = published[0].ID
	return o
}

// newOffice is a house with a delegator and a recipient under contract.
func newOffice(tb testing.TB, options ...dbtest.Option) *office {
	tb.Helper()
	o := newHouse(tb, options...)
	o.delegator = o.enrol("delegator@example.jp")
	o.recipient, o.credential = o.enrolRecipient("recipient@example.jp")
	return o
}

func (o *office) wire() {
	o.tb.Helper()
	roots, err := jpki.NewRoots(o.ca.Root)
	must(o.tb, err)
	signer, jwks := poatest.MustTokenSigner(o.tb, receipt.TypReceipt, o.clock.Now(), time.Time{})
	o.jwks = jwks
	o.enrollment = poa.NewEnrollment(o.clock, o.store, o.policy, hasher{})
	o.registrar = poa.NewRegistrar(o.clock, o.store, o.policy, jpki.Profile{Roots: roots, Policies: []string{poatest.PolicyTest}})
	o.responder = poa.NewResponder(o.clock, o.store, o.policy, signer)
	o.notifier = poa.NewNotifier(o.clock, o.store, o.policy)
	o.records = poa.NewRecords(o.clock, o.store)
}

func (o *office) staff() {
	o.tb.Helper()
	o.serviceOwner = o.appoint(poa.System, "owner@ininjo.example", poa.RoleServiceOwner)
	o.reception = o.appoint(o.serviceOwner, "reception@ininjo.example", poa.RoleReception)
	o.auditor = o.appoint(o.serviceOwner, "auditor@ininjo.example", poa.RoleAuditor)
}

func (o *office) appoint(by poa.Actor, email string, role poa.Role) poa.Actor {
	o.tb.Helper()
	account, err := o.enrollment.AppointStaff(o.tb.Context(), by, poa.StaffInput{Name: "担当　者", Email: email, Roles: []poa.Role{role}, Fitness: poatest.Fitness(), Password: password, Language: "ja"})
	must(o.tb, err)
	actor, err := o.enrollment.SignIn(o.tb.Context(), poa.SignInInput{Email: email, Password: password, Code: account.TOTPSecret[:6]})
	must(o.tb, err)
	return actor
}

// hasher stands where the server's argon2id and RFC 6238 stand: a fast digest,
// and the secret's first six characters as the code.
type hasher struct{}

func (hasher) Hash(_ context.Context, password string) (string, error) {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(password))), nil
}

func (h hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	own, err := h.Hash(ctx, password)
	return own == hash, err
}

// CodeStep takes the first six characters of the secret for the code, at a step
// that was never used: scenarios sign in again while the clock stands still.
func (hasher) CodeStep(secret, code string, _ time.Time) (int64, bool) {
	return timeSteps.Add(1), secret != "" && code == secret[:6]
}

var timeSteps atomic.Int64

// anyURL lets every address through: the rule of addresses is the server's.
type anyURL struct{}

func (anyURL) Allowed(context.Context, *url.URL) bool { return true }

var keys atomic.Int64

// newKey is an idempotency key that was never used.
func newKey() string { return fmt.Sprintf("key-%d", keys.Add(1)) }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// wantCode wants an error of the code: for faults, that the first has it.
func wantCode(tb testing.TB, err error, code poa.Code) {
	tb.Helper()
	if got := codeOf(err); got != code {
		tb.Errorf("got %s (%v), want %s", got, err, code)
	}
}

func codeOf(err error) poa.Code {
	var faults poa.Faults
	switch {
	case err == nil:
		return ""
	case errors.As(err, &faults):
		return faults[0].Code
	}
	return poa.CodeOf(err)
}

// registration is an application that nothing is wrong with.
func (o *office) registration(email string) poa.RegisterInput {
	return poa.RegisterInput{IdempotencyKey: newKey(), Kind: poa.Corporation, CorporateNumber: corporateNumber, Name: "株式会社やまだ", Address: "東京都港区芝１－１－１",
		Representative: poa.RepresentativeInput{Title: "代表取締役", Name: representative.Name, Address: representative.Address, Telephone: "03-1234-5678"},
		Email:          email, TermsID: o.termsID, Consent: true}
}

// enrol registers, confirms and accepts a corporation and signs it in.
func (o *office) enrol(email string) poa.Actor {
	o.tb.Helper()
	ctx := o.tb.Context()
	party, err := o.enrollment.RegisterDelegator(ctx, poa.Anonymous("ja"), o.registration(email))
	must(o.tb, err)
	actor := o.signInByLink(email)
	must(o.tb, o.enrollment.Confirm(ctx, o.reception, o.confirmation(party.ID)))
	must(o.tb, o.enrollment.Decide(ctx, o.reception, poa.DecideInput{IdempotencyKey: newKey(), PartyID: party.ID, Accept: true}))
	return actor
}

func (o *office) confirmation(partyID string) poa.ConfirmInput {
	return poa.ConfirmInput{IdempotencyKey: newKey(), PartyID: partyID, Document: poa.RegisterCertificate, DocumentDate: poa.DateOf(o.clock.Now()),
		CorporateNumber: corporateNumber, Name: "株式会社やまだ", Address: "東京都港区芝１－１－１", RepresentativeTitle: "代表取締役",
		RepresentativeName: representative.Name, RepresentativeAddress: representative.Address}
}

func (o *office) enrolRecipient(email string) (poa.Actor, poa.Credential) {
	o.tb.Helper()
	ctx := o.tb.Context()
	in := o.registration(email)
	in.Filer = "申告　者"
	party, err := o.enrollment.RegisterRecipient(ctx, poa.Anonymous("ja"), in)
	must(o.tb, err)
	actor := o.signInByLink(email)
	must(o.tb, o.enrollment.Decide(ctx, o.reception, poa.DecideInput{IdempotencyKey: newKey(), PartyID: party.ID, Accept: true}))
	_, text, err := o.enrollment.CreateToken(ctx, actor, poa.TokenInput{IdempotencyKey: newKey(), Name: "基幹システム", Scope: poa.ScopeValidity, ExpiresInDays: 730})
	must(o.tb, err)
	return actor, credentialOf(text)
}

func credentialOf(token string) poa.Credential {
	return poa.Credential{TokenHash: sha256.Sum256([]byte(token))}
}

func (o *office) signInByLink(email string) poa.Actor {
	o.tb.Helper()
	link := o.mailTo(email, poa.MailApplicationReceived).Values["link"]
	must(o.tb, o.enrollment.SetPassword(o.tb.Context(), poa.Anonymous("ja"), poa.SetPasswordInput{Token: tokenOf(link), Password: password}))
	actor, err := o.enrollment.SignIn(o.tb.Context(), poa.SignInInput{Email: email, Password: password})
	must(o.tb, err)
	return actor
}

func tokenOf(link string) string { return link[strings.LastIndex(link, "/")+1:] }

// mails returns every message for which a job committed, oldest first.
func (o *office) mails() []poa.Mail {
	o.tb.Helper()
	var mails []poa.Mail
	for _, job := range o.data.Jobs(o.tb) {
		var args poa.SendMail
		if job.Kind != args.Kind() {
			continue
		}
		must(o.tb, json.Unmarshal([]byte(job.Args), &args))
		mail, err := o.store.Mail(o.tb.Context(), args.MailID)
		must(o.tb, err)
		mails = append(mails, mail)
	}
	return mails
}

// mailTo returns the newest message of a kind to an address.
func (o *office) mailTo(email string, template poa.MailTemplate) poa.Mail {
	o.tb.Helper()
	mails := o.mails()
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].To == email && mails[i].Template == template {
			return mails[i]
		}
	}
	o.tb.Fatalf("no %s was mailed", template)
	return poa.Mail{}
}
