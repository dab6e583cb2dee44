// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

const company = "株式会社やまだ"

func (o *office) endContract(actor poa.Actor, party, name string) error {
	return o.enrollment.EndContract(o.tb.Context(), actor, poa.EndContractInput{IdempotencyKey: newKey(), PartyID: party, Name: name})
}

func TestClosingAnAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	e := o.endpoint(o.recipient)
	o.watch(o.recipient, d)
	id, err := o.notifier.TestEndpoint(t.Context(), o.recipient, newKey(), e.ID)
	must(t, err)
	reader := o.recipient
	reader.Member = poa.MemberDeveloper
	wantCode(t, o.endContract(reader, o.recipient.PartyID, company), poa.CodeForbidden)
	wantCode(t, o.endContract(o.recipient, o.recipient.PartyID, "株式会社やまた"), poa.CodeNotRepeated)
	wantCode(t, o.endContract(o.recipient, o.recipient.PartyID, " "), poa.CodeRequired)
	wantCode(t, o.endContract(o.delegator, o.recipient.PartyID, company), poa.CodeNotFound)
	must(t, o.mayAsk(o.credential))
	must(t, o.endContract(o.recipient, o.recipient.PartyID, company))
	wantCode(t, o.mayAsk(o.credential), poa.CodeUnauthenticated)
	wantCode(t, o.mayAsk(poa.Credential{AccountID: o.recipient.ID}), poa.CodeUnauthenticated)
	if _, err := o.store.ActorByAccount(t.Context(), o.recipient.ID); codeOf(err) != poa.CodeNotFound {
		t.Errorf("its session goes on: %v", err)
	}
	if o.goesOut(id) {
		t.Error("what waited goes out")
	}
	must(t, o.revoke(d, time.Time{}))
	o.number()
	for _, n := range o.told(o.recipient.PartyID) {
		if n == poa.NoticeRevoked {
			t.Error("it is still told")
		}
	}
	mail := o.mailTo("recipient@example.jp", poa.MailAccountClosed)
	if mail.Values["organisation"] != company {
		t.Errorf("%+v", mail)
	}
	wantCode(t, o.endContract(o.serviceOwner, o.recipient.PartyID, company), poa.CodeConflict)
	party, err := o.records.Recipient(t.Context(), o.reception, o.recipient.PartyID)
	if err != nil || party.State != poa.EnrollmentEnded {
		t.Errorf("%s, %v", party.State, err)
	}
}

// TestNothingOutlivesAnEnd makes tokens, endpoints and watches while the
// contract ends: nothing that holds is left.
func TestNothingOutlivesAnEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	for i := range 6 {
		email := fmt.Sprintf("r%d@example.jp", i)
		r, _ := o.enrolRecipient(email)
		atOnce(
			func() error { return o.endContract(r, r.PartyID, company) },
			func() error {
				_, _, err := o.enrollment.CreateToken(t.Context(), r, poa.TokenInput{IdempotencyKey: newKey(), Name: "t", Scope: poa.ScopeAll, ExpiresInDays: 1})
				return err
			},
			func() error {
				_, err := o.notifier.CreateEndpoint(t.Context(), r, poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://example.jp/"}, anyURL{})
				return err
			},
			func() error {
				_, err := o.notifier.Watch(t.Context(), r, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)})
				return err
			},
		)
		left := o.data.Text(t, fmt.Sprintf(`SELECT ((SELECT count(*) FROM api_tokens WHERE party_id = '%[1]s' AND revoked_at IS NULL) +
			(SELECT count(*) FROM endpoints WHERE party_id = '%[1]s' AND state = 'ACTIVE') + (SELECT count(*) FROM watches WHERE recipient_id = '%[1]s' AND ended_at IS NULL))::text`, r.PartyID))
		if left != "0" {
			t.Errorf("%s are left", left)
		}
	}
}

func TestContractsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	standing, future, suspended, revoked := o.accepted(), o.accepted(from(5)), o.accepted(), o.accepted()
	ahead := o.accepted()
	must(t, o.revoke(revoked, time.Time{}))
	must(t, o.revoke(ahead, o.clock.Now().Add(48*time.Hour)))
	_, err := o.registrar.Suspend(t.Context(), o.reception, suspend(suspended, poa.ReasonServiceReview, time.Time{}))
	must(t, err)
	draft, submitted := o.draft(), o.submitted()
	o.number()
	o.watch(o.recipient, standing)
	o.clock.Advance(time.Hour)
	wantCode(t, o.endContract(o.auditor, o.delegator.PartyID, company), poa.CodeForbidden)
	must(t, o.endContract(o.reception, o.delegator.PartyID, company))
	for _, d := range []poa.Delegation{standing, future, suspended, ahead} {
		if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusEnded || got.Reason != poa.ReasonContractEnded {
			t.Errorf("%s is %+v", d.ID, got.Standing)
		}
		facts, err := o.store.Facts(t.Context(), d.ID)
		must(t, err)
		p, err := o.store.Projection(t.Context(), d.ID)
		must(t, err)
		want := poa.Project(facts, poa.Term{From: d.ValidFrom, Through: d.ValidThrough})
		p.Final.EventID, want.Final.EventID = "", ""
		if diff := cmp.Diff(want, p); diff != "" {
			t.Errorf("the projection is not the fold of the facts: %s", diff)
		}
	}
	o.wantStatus(revoked, poa.StatusRevoked)
	o.wantState(draft, poa.StateAbandoned)
	o.wantState(submitted, poa.StateWithdrawn)
	_, err = o.decide(submitted, true)
	wantCode(t, err, poa.CodeConflict)
	o.number()
	o.wantTold(o.recipient.PartyID, poa.NoticeEnded)
	for _, m := range o.mails() {
		if m.Template == poa.MailNotice && m.Values["type"] == string(poa.NoticeEnded) && m.To == "delegator@example.jp" {
			t.Error("the delegator is told of each")
		}
	}
	o.erasureIsConfirmed()
}

// erasureIsConfirmed follows the link to confirm that the signing application
// was erased (2.1.2).
func (o *office) erasureIsConfirmed() {
	o.tb.Helper()
	t := o.tb
	mail := o.mailTo("delegator@example.jp", poa.MailContractEnded)
	if mail.Values["delegations"] != "4" {
		t.Errorf("%s ended", mail.Values["delegations"])
	}
	token := tokenOf(mail.Values["link"])
	foreign, _ := poa.NewSecret(poa.ErasurePrefix)
	wantCode(t, o.enrollment.ConfirmErasure(t.Context(), foreign), poa.CodeNotFound)
	must(t, o.enrollment.ConfirmErasure(t.Context(), token))
	first, err := o.enrollment.ContractEnd(t.Context(), o.reception, o.delegator.PartyID)
	must(t, err)
	o.clock.Advance(time.Hour)
	must(t, o.enrollment.ConfirmErasure(t.Context(), token))
	second, err := o.enrollment.ContractEnd(t.Context(), o.reception, o.delegator.PartyID)
	if err != nil || first.ErasureConfirmedAt.IsZero() || !first.ErasureConfirmedAt.Equal(second.ErasureConfirmedAt) || second.ByKind != poa.ActorStaff {
		t.Errorf("%+v, %v", second, err)
	}
	_, err = o.enrollment.ContractEnd(t.Context(), o.recipient, o.delegator.PartyID)
	wantCode(t, err, poa.CodeForbidden)
}

// TestAcceptanceBesideAnEnd decides filings while the contract ends: what was
// accepted has ended, too.
func TestAcceptanceBesideAnEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ds := []poa.Delegation{o.submitted(), o.submitted(), o.submitted()}
	acts := []func() error{func() error { return o.endContract(o.reception, o.delegator.PartyID, company) }}
	for _, d := range ds {
		acts = append(acts, func() error { _, err := o.decide(d, true); return err })
	}
	must(t, atOnce(acts...)[0])
	for _, d := range ds {
		if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusEnded && got.Status != poa.StatusUnknown {
			t.Errorf("%s is %s", d.ID, got.Status)
		}
	}
}

func TestExportOfAnAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	o.watch(o.recipient, d)
	o.endpoint(o.recipient)
	answer := o.ask(poa.Question{DelegationID: string(d.ID)})
	write, err := o.responder.Export(t.Context(), o.recipient)
	must(t, err)
	var out bytes.Buffer
	must(t, write(&out))
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	must(t, err)
	names := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		must(t, err)
		var text bytes.Buffer
		_, err = text.ReadFrom(r)
		must(t, err)
		names[f.Name] = text.String()
	}
	for name, part := range map[string]string{"README.txt": "Ininjo", "profile.json": company, "members.json": `"role": "ADMINISTRATOR"`, "tokens.json": "基幹システム", "endpoints.json": "https://example.jp/hook",
		"addresses.json": "recipient@example.jp", "watches.csv": string(d.ID), "inquiries.csv": answer.InquiryID, "notices.json": "[", "receipts/" + answer.InquiryID + ".jws": "ey"} {
		if !strings.Contains(names[name], part) {
			t.Errorf("%s holds %.200q, not %q", name, names[name], part)
		}
	}
	all := fmt.Sprint(names)
	if strings.Contains(all, "whsec_") || strings.Contains(all, "inj_live") || strings.Contains(strings.ToLower(all), "password") {
		t.Error("it holds secrets")
	}
	if claims := o.claimsOf(names["receipts/"+answer.InquiryID+".jws"]); claims.EventID != answer.InquiryID {
		t.Errorf("%+v", claims)
	}
	developer := o.recipient
	developer.Member = poa.MemberDeveloper
	_, err = o.responder.Export(t.Context(), developer)
	wantCode(t, err, poa.CodeForbidden)
	_, err = o.responder.Export(t.Context(), o.reception)
	wantCode(t, err, poa.CodeForbidden)
}

// BenchmarkEndContract ends a contract with 10,000 delegations.
func BenchmarkEndContract(b *testing.B) {
	o := newOffice(b)
	d := o.accepted()
	for range b.N {
		b.StopTimer()
		o.data.Exec(b, manyDelegations(d, 10_000))
		b.StartTimer()
		err := o.store.InTx(b.Context(), func(ctx context.Context, tx poa.Tx) error {
			n, err := tx.EndDelegations(ctx, o.delegator.PartyID, poa.ReasonContractEnded, "evt_bench", o.clock.Now())
			if n < 10_000 {
				b.Errorf("%d ended", n)
			}
			return err
		})
		must(b, err)
	}
}
