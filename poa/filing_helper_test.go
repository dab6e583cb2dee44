// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

const delegateEmail = "hanako@example.jp"

// draftInput is a draft that nothing is wrong with: a term of 100 days from today.
func (o *office) draftInput() poa.DraftInput {
	today := poa.DateOf(o.clock.Now())
	return poa.DraftInput{IdempotencyKey: newKey(),
		Delegate: poa.DelegateInput{Name: delegatePerson.Name, Title: "経理部長", Address: delegatePerson.Address, Identification: "E-001", Email: delegateEmail},
		Powers:   []string{"電子入札に関する一切の件"}, Limits: []string{"一件一千万円まで"}, ValidFrom: today, ValidThrough: today.AddDays(99)}
}

// draft drafts; change may alter the input before.
func (o *office) draft(change ...func(*poa.DraftInput)) poa.Delegation {
	o.tb.Helper()
	in := o.draftInput()
	for _, c := range change {
		c(&in)
	}
	d, err := o.registrar.Draft(o.tb.Context(), o.delegator, in)
	must(o.tb, err)
	return d
}

func replacing(id poa.DelegationID) func(*poa.DraftInput) {
	return func(in *poa.DraftInput) { in.Replaces = string(id) }
}

// delegateOf is the delegate by the newest link that was mailed for d.
func (o *office) delegateOf(d poa.Delegation, template poa.MailTemplate) poa.Actor {
	o.tb.Helper()
	mails := o.mails()
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].DelegationID == d.ID && mails[i].Template == template {
			actor, err := o.store.ActorByLink(o.tb.Context(), sha256.Sum256([]byte(tokenOf(mails[i].Values["link"]))), o.clock.Now())
			must(o.tb, err)
			return actor
		}
	}
	o.tb.Fatalf("no %s was mailed for the delegation", template)
	return poa.Actor{}
}

// handIn hands in the delegate's certificate.
func (o *office) handIn(d poa.Delegation) poa.Delegation {
	o.tb.Helper()
	actor := o.delegateOf(d, poa.MailDelegateLink)
	challenge, err := o.registrar.Challenge(o.tb.Context(), actor)
	must(o.tb, err)
	d, err = o.registrar.HandIn(o.tb.Context(), actor, poa.HandInInput{IdempotencyKey: newKey(), ChallengeID: challenge.ID, SignedFile: sign(o.tb, o.delegate, challenge.Text)})
	must(o.tb, err)
	return d
}

func sign(tb testing.TB, signer *poatest.Signer, content []byte) []byte {
	tb.Helper()
	file, err := signer.SignAttached(content)
	must(tb, err)
	return file
}

func (o *office) draftFile(d poa.Delegation) []byte {
	o.tb.Helper()
	file, err := o.records.File(o.tb.Context(), o.delegator, string(d.ID), poa.FileDraft)
	must(o.tb, err)
	return file
}

// submit signs as the representative and files.
func (o *office) submit(d poa.Delegation) poa.Delegation {
	o.tb.Helper()
	d, err := o.file(d, sign(o.tb, o.signer, o.draftFile(d)))
	must(o.tb, err)
	return d
}

func (o *office) file(d poa.Delegation, file []byte) (poa.Delegation, error) {
	return o.registrar.Submit(o.tb.Context(), o.delegator, poa.SubmitInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), SignedFile: file})
}

// accept is reception's yes.
func (o *office) accept(d poa.Delegation) poa.Delegation {
	o.tb.Helper()
	d, err := o.decide(d, true)
	must(o.tb, err)
	return d
}

func (o *office) decide(d poa.Delegation, accept bool) (poa.Delegation, error) {
	in := poa.DecideFilingInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), Accept: accept}
	if accept {
		in.Ground = "失効情報を窓口で確認した"
	} else {
		in.Reasons = []poa.RefusalReason{{Code: poa.CodeContentUnclear, Field: "powers", Note: "権限の範囲が不明です"}}
	}
	return o.registrar.Decide(o.tb.Context(), o.reception, in)
}

// submitted and accepted take a draft that far.
func (o *office) submitted(change ...func(*poa.DraftInput)) poa.Delegation {
	o.tb.Helper()
	return o.submit(o.handIn(o.draft(change...)))
}

func (o *office) accepted(change ...func(*poa.DraftInput)) poa.Delegation {
	o.tb.Helper()
	return o.accept(o.submitted(change...))
}

func (o *office) revoke(d poa.Delegation, at time.Time) error {
	_, err := o.registrar.Revoke(o.tb.Context(), o.delegator, end(d, at))
	return err
}

func end(d poa.Delegation, at time.Time) poa.EndInput {
	return poa.EndInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), At: at}
}

// ask asks one question as the recipient.
func (o *office) ask(q poa.Question) poa.Answer {
	o.tb.Helper()
	answers, err := o.responder.Ask(o.tb.Context(), o.credential, []poa.Question{q})
	must(o.tb, err)
	return answers[0]
}

func (o *office) wantStatus(d poa.Delegation, want poa.ValidityStatus) {
	o.tb.Helper()
	if got := o.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != want {
		o.tb.Errorf("%s is %s, want %s", d.ID, got.Status, want)
	}
}

// counts returns how many rows every table holds, as the superuser sees them.
func (o *office) counts() map[string]int {
	o.tb.Helper()
	return o.data.Counts(o.tb)
}

// grown tells by how many rows each table grew since before; tables that did
// not are left out.
func (o *office) grown(before map[string]int) map[string]int {
	o.tb.Helper()
	grown := map[string]int{}
	for table, n := range o.counts() {
		if n != before[table] {
			grown[table] = n - before[table]
		}
	}
	return grown
}
