// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// TestARefusalInManyWordsIsKept: what reception may write, evidence must hold.
func TestARefusalInManyWordsIsKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.submitted()
	in := poa.DecideFilingInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)}
	for range 20 {
		in.Reasons = append(in.Reasons, poa.RefusalReason{Code: poa.CodeContentUnclear, Note: strings.Repeat("𠮷", 1000)})
	}
	if _, err := o.registrar.Decide(t.Context(), o.reception, in); err != nil {
		t.Fatal(err)
	}
	if _, view := o.bundle(d, poa.EvidenceFiling); len(view.Records[1].Record.Decision.Ground) < 80_000 {
		t.Error("the ground was cut")
	}
}

// TestAFilingWhoseEvidenceCannotBeAskedAboutEnds: a root that was taken out of
// the configuration must not leave a filing waiting for ever, told to nobody.
func TestAFilingWhoseEvidenceCannotBeAskedAboutEnds(t *testing.T) {
	t.Parallel()
	o, s := newAsking(t)
	d := o.handIn(o.draft())
	s.silent()
	d = o.submit(d)
	own := o.ca
	o.ca = poatest.MustCA(t, o.clock.Now(), poatest.WithOwnKey())
	o.wire()
	o.ca = own
	s.says(jpki.Good)
	o.registrar.Equip(poa.Verification{Status: s})
	if again := o.askStatus(); again <= 0 {
		t.Error("it is not asked again")
	}
	o.clock.Advance(o.policy.StatusOutage + time.Minute)
	o.askStatus()
	if _, err := o.decide(d, true); codeOf(err) != poa.CodeStatusPending {
		t.Errorf("a person accepted: %v", err)
	}
	o.clock.Advance(o.policy.DraftTTL)
	o.askStatus()
	o.wantFiling(d, poa.StateRefused)
}

// TestEvidenceKeepsTheNonce that an OCSP response repeats: it shows that the
// answer was made for this question.
func TestEvidenceKeepsTheNonce(t *testing.T) {
	t.Parallel()
	o, s := newAsking(t)
	nonce := bytes.Repeat([]byte{7}, 16)
	s.says(jpki.Good, func(a *jpki.StatusAnswer) { a.Nonce = nonce })
	d := o.submitted()
	_, view := o.bundle(d, poa.EvidenceFiling)
	if got := view.Records[0].Record.Status[0].Nonce; !bytes.Equal(got, nonce) {
		t.Errorf("the nonce is %x", got)
	}
}

// TestAnAnswerIsRecordedAsOfItsQuestion: by the time that it comes, what it rests
// on may have ended; it is verified again as of the question.
func TestAnAnswerIsRecordedAsOfItsQuestion(t *testing.T) {
	t.Parallel()
	o, s := newAsking(t)
	d := o.handIn(o.draft())
	var asked time.Time
	s.answer = func(q poa.StatusQuestion) (jpki.StatusAnswer, error) {
		asked = q.At
		o.clock.Advance(10 * time.Second)
		return o.listed(q)
	}
	d = o.submit(d)
	if _, view := o.bundle(d, poa.EvidenceFiling); !view.Records[0].Record.Status[0].AskedAt.Equal(asked) {
		t.Errorf("asked as of %s, recorded %s", asked, view.Records[0].Record.Status[0].AskedAt)
	}
}
