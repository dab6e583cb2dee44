// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
	"ininjo/poa/poatest"
)

// TestCertificateStandsBesideTheRegister for the person who decides, and for
// nobody else.
func TestCertificateStandsBesideTheRegister(t *testing.T) {
	t.Parallel()
	o, _ := newAsking(t)
	o.signer = poatest.MustIssue(t, o.ca, representative, poatest.WithSubstitutes("00010", ""))
	d := o.submitted()
	all, err := o.records.Compared(t.Context(), o.reception, d)
	must(t, err)
	if len(all) < 3 || all[0].Kind != poa.CheckSignerName || all[len(all)-1].Kind != poa.CheckDelegateName {
		t.Fatalf("%d comparisons", len(all))
	}
	name := all[0]
	if name.Certificate != representative.Name || name.Substitutes != "00010" || len(name.Differences) != 1 || name.Differences[0].Reason != kanji.ReasonSubstitute {
		t.Errorf("the signer's name: %d differences", len(name.Differences))
	}
	for who, actor := range map[string]poa.Actor{"the delegator": o.delegator, "the recipient": o.recipient, "the auditor": o.auditor, "nobody": poa.Anonymous("ja")} {
		if _, err := o.records.Compared(t.Context(), actor, d); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// TestWaitForAnAnswerIsTold: the next question comes by the instant that is
// told, at any time, and no later than all asking ends.
func TestWaitForAnAnswerIsTold(t *testing.T) {
	t.Parallel()
	o, source := newAsking(t)
	source.silent()
	d := o.handIn(o.draft())
	delegate := o.delegateOf(d, poa.MailDelegateLink)
	check, found, err := o.records.CertificateCheck(t.Context(), delegate, d)
	must(t, err)
	if !found || check.Reason != poa.ReasonStatusUnavailable {
		t.Errorf("the delegate sees %v of his certificate", check)
	}
	if _, _, err := o.records.CertificateCheck(t.Context(), o.recipient, d); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a recipient sees the delegate's certificate: %v", err)
	}
	for _, step := range []time.Duration{0, time.Minute, time.Hour, 20 * 24 * time.Hour} {
		o.clock.Advance(step)
		again := o.askStatus()
		waits := o.registrar.StatusWaits(d, []poa.Check{check})
		if len(waits) != 1 || !waits[0].Delegate || waits[0].AskedBy.Before(o.clock.Now().Add(again)) || waits[0].Until.Before(waits[0].AskedBy) {
			t.Errorf("after %s more it is asked again in %s, told is %v", step, again, waits)
		}
	}
	source.says(jpki.Good)
	o.askStatus()
	check, _, err = o.records.CertificateCheck(t.Context(), delegate, d)
	must(t, err)
	if check.Result != poa.CheckPassed || len(o.registrar.StatusWaits(d, []poa.Check{check})) != 0 {
		t.Errorf("after the answer: %v", check)
	}
}
