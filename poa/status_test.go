// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/jpki"
)

// source is a source of status outside of the building that says what it is
// told to.
type source struct {
	answer func(q poa.StatusQuestion) (jpki.StatusAnswer, error)
	asked  atomic.Int32
}

func (s *source) Status(_ context.Context, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	s.asked.Add(1)
	return s.answer(q)
}

func (s *source) says(standing jpki.Standing, more ...func(*jpki.StatusAnswer)) {
	s.answer = func(q poa.StatusQuestion) (jpki.StatusAnswer, error) {
		a := jpki.StatusAnswer{Standing: standing, Source: jpki.SourceOCSP, ProducedAt: q.At, ThisUpdate: q.At, Raw: []byte("answer")}
		for _, m := range more {
			m(&a)
		}
		return a, nil
	}
}

func (s *source) silent() {
	s.answer = func(poa.StatusQuestion) (jpki.StatusAnswer, error) {
		return jpki.StatusAnswer{}, errors.New("no route to the responder")
	}
}

func revokedAt(at time.Time) func(*jpki.StatusAnswer) {
	return func(a *jpki.StatusAnswer) { a.RevokedAt, a.Reason = at, "keyCompromise" }
}

// newAsking is an office whose registrar asks a source that says GOOD.
func newAsking(tb testing.TB) (*office, *source) {
	tb.Helper()
	o, s := newOffice(tb), &source{}
	s.says(jpki.Good)
	o.registrar.Equip(poa.Verification{Status: s})
	return o, s
}

// resultOf is the newest result and reason of a check.
func (o *office) resultOf(d poa.Delegation, kind poa.CheckKind) string {
	o.tb.Helper()
	checks, err := o.store.Checks(o.tb.Context(), d.ID)
	must(o.tb, err)
	slices.Reverse(checks)
	for _, c := range checks {
		if c.Kind == kind {
			return string(c.Result) + "/" + c.Reason
		}
	}
	return ""
}

// askStatus works the newest job off that asks for a status.
func (o *office) askStatus() time.Duration {
	o.tb.Helper()
	jobs := o.data.Jobs(o.tb)
	for i := len(jobs) - 1; i >= 0; i-- {
		if jobs[i].Kind != (poa.AskStatus{}).Kind() {
			continue
		}
		var job poa.AskStatus
		must(o.tb, json.Unmarshal([]byte(jobs[i].Args), &job))
		again, err := o.registrar.AskStatus(o.tb.Context(), job)
		must(o.tb, err)
		return again
	}
	o.tb.Fatal("nothing waits to be asked")
	return 0
}

func (o *office) wantFiling(d poa.Delegation, want poa.State) {
	o.tb.Helper()
	got, err := o.store.Delegation(o.tb.Context(), d.ID)
	must(o.tb, err)
	if got.State != want {
		o.tb.Errorf("the filing is %s, want %s", got.State, want)
	}
}

func (o *office) openFilingCases() int {
	o.tb.Helper()
	return int(o.data.Text(o.tb, "SELECT count(*)::text FROM cases WHERE kind = 'FILING' AND closed_at IS NULL")[0] - '0')
}

// codes are those of a refusal.
func codes(err error) string {
	var faults poa.Faults
	if !errors.As(err, &faults) {
		return string(poa.CodeOf(err))
	}
	var list []string
	for _, f := range faults {
		list = append(list, string(f.Code))
	}
	return strings.Join(list, " ")
}

func TestStatusAtFiling(t *testing.T) {
	t.Parallel()
	t.Run("with everything passed the machine accepts at once", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.submitted()
		if d.State != poa.StateAccepted || s.asked.Load() != 2 || o.openFilingCases() != 0 {
			t.Errorf("the filing is %s, %d questions, %d cases", d.State, s.asked.Load(), o.openFilingCases())
		}
		o.wantStatus(d, poa.StatusValid)
		if got := o.resultOf(d, poa.CheckStatus) + " " + o.resultOf(d, poa.CheckDelegateStatus); got != "PASSED/OCSP PASSED/OCSP" {
			t.Errorf("checked %s", got)
		}
	})
	t.Run("the same bytes ask nobody again", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.handIn(o.draft())
		file := sign(t, o.signer, o.draftFile(d))
		first, err := o.file(d, file)
		must(t, err)
		asked := s.asked.Load()
		again, err := o.file(d, file)
		must(t, err)
		if diff := cmp.Diff(first.Acknowledgement, again.Acknowledgement); diff != "" || s.asked.Load() != asked {
			t.Errorf("%d questions more: %s", s.asked.Load()-asked, diff)
		}
	})
}

func TestStatusRefuses(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		name string
		says func(o *office, s *source)
		want poa.Code
	}{
		{"revoked", func(o *office, s *source) { s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-48*time.Hour))) }, poa.CodeCertificateRevoked},
		{"on hold", func(_ *office, s *source) { s.says(jpki.OnHold) }, poa.CodeCertificateOnHold},
		{"not known to its authority", func(_ *office, s *source) { s.says(jpki.Unknown) }, poa.CodeCertificateUnknown},
	} {
		t.Run(each.name+" is refused and leaves the draft open", func(t *testing.T) {
			t.Parallel()
			o, s := newAsking(t)
			d := o.handIn(o.draft())
			each.says(o, s)
			before := o.counts()
			_, err := o.file(d, sign(t, o.signer, o.draftFile(d)))
			if got := codes(err); got != string(each.want) {
				t.Errorf("refused by %s, want %s", got, each.want)
			}
			if diff := cmp.Diff(map[string]int{"audit_events": 1}, o.grown(before)); diff != "" {
				t.Errorf("the refusal stored more: %s", diff)
			}
			o.wantFiling(d, poa.StateDrafted)
		})
	}
	t.Run("revoked after the time of signing that is claimed, but before filing", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.handIn(o.draft())
		file, err := o.signer.Sign(o.draftFile(d), cms.SignOptions{SigningTime: o.clock.Now()})
		must(t, err)
		o.clock.Advance(48 * time.Hour)
		s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-time.Hour)))
		if _, err := o.file(d, file); codes(err) != string(poa.CodeCertificateRevokedAfter) {
			t.Errorf("refused by %s", codes(err))
		}
	})
}

func TestStatusBeside(t *testing.T) {
	t.Parallel()
	t.Run("whoever is gone leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.handIn(o.draft())
		file := sign(t, o.signer, o.draftFile(d))
		ctx, cancel := context.WithCancel(t.Context())
		s.answer = func(poa.StatusQuestion) (jpki.StatusAnswer, error) {
			cancel()
			return jpki.StatusAnswer{}, context.Canceled
		}
		before := o.counts()
		_, err := o.registrar.Submit(ctx, o.delegator, poa.SubmitInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), SignedFile: file})
		if poa.CodeOf(err) != poa.CodeUnavailable || len(o.grown(before)) > 0 {
			t.Errorf("got %v, stored %v", err, o.grown(before))
		}
	})
	t.Run("of two filings at once one is acknowledged", func(t *testing.T) {
		t.Parallel()
		o, _ := newAsking(t)
		d := o.handIn(o.draft())
		draft, results := o.draftFile(d), make(chan error, 2)
		for range 2 {
			file := sign(t, o.signer, draft) // the clock stands, but each signature is of its own
			go func() { _, err := o.file(d, append([]byte(nil), file...)); results <- err }()
		}
		first, second := <-results, <-results
		if first != nil && second != nil {
			t.Errorf("both were refused: %v, %v", first, second)
		}
		if got := o.data.Text(t, "SELECT count(*)::text FROM evidence WHERE kind = 'INTAKE'"); got != "1" {
			t.Errorf("%s intakes were recorded", got)
		}
	})
}

// waiting is a filing whose signer's certificate nobody can tell of.
func waiting(t *testing.T) (*office, *source, poa.Delegation) {
	t.Helper()
	o, s := newAsking(t)
	d := o.handIn(o.draft())
	s.silent()
	d = o.submit(d)
	if d.State != poa.StateSubmitted || o.resultOf(d, poa.CheckStatus) != "NOT_CHECKED/STATUS_UNAVAILABLE" || o.openFilingCases() != 0 {
		t.Fatalf("the filing is %s, checked %s, %d cases", d.State, o.resultOf(d, poa.CheckStatus), o.openFilingCases())
	}
	return o, s, d
}

func TestStatusCannotBeTold(t *testing.T) {
	t.Parallel()
	t.Run("the filing waits, nobody accepts, and the machine does once it is told", func(t *testing.T) {
		t.Parallel()
		o, s, d := waiting(t)
		if _, err := o.decide(d, true); codes(err) != string(poa.CodeStatusPending) {
			t.Errorf("reception got %v", err)
		}
		if again := o.askStatus(); again <= 0 {
			t.Error("it is not asked again")
		}
		s.says(jpki.Good)
		if again := o.askStatus(); again != 0 {
			t.Errorf("it is asked again after %s", again)
		}
		o.wantFiling(d, poa.StateAccepted)
		before := o.counts()
		if again := o.askStatus(); again != 0 || len(o.grown(before)) > 0 {
			t.Errorf("the job run twice stored %v", o.grown(before))
		}
	})
	t.Run("revoked after all it is refused with its code, and both people are told", func(t *testing.T) {
		t.Parallel()
		o, s, d := waiting(t)
		s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-48*time.Hour)))
		o.askStatus()
		o.wantFiling(d, poa.StateRefused)
		refusals, err := o.store.Refusals(t.Context(), d.ID)
		must(t, err)
		if len(refusals) != 1 || refusals[0].Code != poa.CodeCertificateRevoked {
			t.Errorf("refused by %+v", refusals)
		}
		mails := o.mails()
		if told := mails[len(mails)-2:]; told[0].Template != poa.MailFilingRefused || told[1].Template != poa.MailCertificateRefused || told[1].To != delegateEmail {
			t.Errorf("told by %s and %s", told[0].Template, told[1].Template)
		}
	})
	t.Run("the waits grow up to an hour, then a person is told, then the filing ends", func(t *testing.T) {
		t.Parallel()
		o, _, d := waiting(t)
		var waits []time.Duration
		for waited := time.Duration(0); waited < o.policy.StatusOutage; {
			again := o.askStatus()
			waits = append(waits, again)
			o.clock.Advance(again)
			waited += again
		}
		if !slices.IsSorted(waits) || waits[0] != 30*time.Second || slices.Max(waits) != time.Hour || len(waits) > 20 {
			t.Errorf("waited %s", waits)
		}
		o.askStatus()
		if o.openFilingCases() != 1 {
			t.Error("nobody was told")
		}
		o.clock.Advance(o.policy.DraftTTL)
		if again := o.askStatus(); again != 0 {
			t.Errorf("it is asked again after %s", again)
		}
		o.wantFiling(d, poa.StateRefused)
		if o.openFilingCases() != 0 {
			t.Error("the case is still open")
		}
	})
}

func TestStatusAndPeople(t *testing.T) {
	t.Parallel()
	t.Run("what a person must settle goes to reception, who waits for the answer as well", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.handIn(o.draft())
		s.silent()
		o.clock.Advance(time.Hour)
		changed := o.confirmation(o.delegator.PartyID) // REGISTER_CHANGED is for a person
		changed.RepresentativeTitle = "取締役社長"
		must(t, o.enrollment.Confirm(t.Context(), o.reception, changed))
		d = o.submit(d)
		if o.openFilingCases() != 1 {
			t.Error("reception does not know of it")
		}
		if _, err := o.decide(d, true); codes(err) != string(poa.CodeStatusPending) {
			t.Errorf("reception got %v", err)
		}
		s.says(jpki.Good)
		o.askStatus()
		o.wantFiling(d, poa.StateSubmitted)
		o.accept(d)
		o.wantFiling(d, poa.StateAccepted)
	})
	t.Run("a replacement that waits leaves the old one as it is until the answer", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		old := o.submitted()
		d := o.handIn(o.draft(replacing(old.ID)))
		s.silent()
		d = o.submit(d)
		o.wantFiling(d, poa.StateSubmitted)
		o.wantStatus(old, poa.StatusValid)
		s.says(jpki.Good)
		o.askStatus()
		o.wantFiling(d, poa.StateAccepted)
		o.wantStatus(old, poa.StatusSuperseded)
	})
	t.Run("a title waits as before, whatever the certificate's status", func(t *testing.T) {
		t.Parallel()
		o, _ := newAsking(t)
		d := o.submitted(func(in *poa.DraftInput) { in.Delegate.Qualification = poa.TaxAccountant })
		o.wantFiling(d, poa.StateSubmitted)
		if o.openFilingCases() != 1 || o.resultOf(d, poa.CheckStatus) != "PASSED/OCSP" {
			t.Errorf("%d cases, checked %s", o.openFilingCases(), o.resultOf(d, poa.CheckStatus))
		}
	})
	t.Run("a draft is filed while its delegate's certificate waits, and accepted when both are told", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		s.silent()
		d := o.handIn(o.draft())
		s.says(jpki.Good)
		d = o.submit(d)
		o.wantFiling(d, poa.StateSubmitted)
		if _, err := o.decide(d, true); codes(err) != string(poa.CodeStatusPending) {
			t.Errorf("reception got %v", err)
		}
		o.askStatus()
		o.wantFiling(d, poa.StateAccepted)
	})
	t.Run("a delegate's certificate that turns out revoked is handed in anew", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		s.silent()
		d := o.handIn(o.draft())
		s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-48*time.Hour)))
		o.askStatus()
		if _, err := o.file(d, sign(t, o.signer, o.draftFile(d))); codes(err) != string(poa.CodeDelegateMissing) {
			t.Errorf("filing is refused by %v", err)
		}
		s.says(jpki.Good)
		o.clock.Advance(time.Minute)
		d = o.submit(o.handIn(d))
		o.wantFiling(d, poa.StateAccepted)
	})
}
