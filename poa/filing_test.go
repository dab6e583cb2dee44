// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func TestFiling(t *testing.T) {
	t.Parallel()
	t.Run("from the draft to the answer", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.draft()
		if d.State != poa.StateDrafted || d.Acknowledgement != nil {
			t.Errorf("a draft is %+v", d)
		}
		o.wantStatus(d, poa.StatusUnknown)
		if d = o.handIn(d); d.DelegateCertifiedAt.IsZero() {
			t.Error("the certificate was not taken")
		}
		d = o.submit(d)
		if d.State != poa.StateSubmitted || d.Acknowledgement == nil || d.Acknowledgement.Number != "D-20260601-000001" || !d.Acknowledgement.SubmittedAt.Equal(o.clock.Now()) {
			t.Errorf("the filing is %+v", d)
		}
		o.wantStatus(d, poa.StatusUnknown)
		if d = o.accept(d); d.State != poa.StateAccepted || d.Version != 1 {
			t.Errorf("the delegation is %s, version %d", d.State, d.Version)
		}
		o.wantStatus(d, poa.StatusValid)
		must(t, o.revoke(d, o.clock.Now()))
		o.wantStatus(d, poa.StatusRevoked)
	})
	t.Run("the same bytes give the first acknowledgement again, other bytes do not", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.handIn(o.draft())
		file := sign(t, o.signer, o.draftFile(d))
		first, err := o.file(d, file)
		must(t, err)
		o.clock.Advance(1e9)
		before := o.counts()
		again, err := o.file(d, file)
		must(t, err)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("the second answer differs: %s", diff)
		}
		if diff := cmp.Diff(map[string]int{"audit_events": 1, "idempotency_keys": 1}, o.grown(before)); diff != "" {
			t.Errorf("the second filing stored more: %s", diff)
		}
		again = o.accept(d)
		if got, err := o.file(d, file); err != nil || !cmp.Equal(got, again) {
			t.Errorf("after its acceptance: %v, %v", got, err)
		}
		_, err = o.file(d, sign(t, o.delegate, o.draftFile(d)))
		wantCode(t, err, poa.CodeAlreadyFiled)
	})
	t.Run("a key used again gives the first answer, with other input a conflict", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		in := o.draftInput()
		first, err := o.registrar.Draft(t.Context(), o.delegator, in)
		must(t, err)
		before := o.counts()
		again, err := o.registrar.Draft(t.Context(), o.delegator, in)
		if err != nil || !cmp.Equal(first, again) {
			t.Errorf("got %v, %v", again, err)
		}
		if grown := o.grown(before); len(grown) > 0 {
			t.Errorf("stored %v", grown)
		}
		in.SubDelegation = true
		_, err = o.registrar.Draft(t.Context(), o.delegator, in)
		wantCode(t, err, poa.CodeConflict)
		other := o.enrol("other@example.jp")
		if d, err := o.registrar.Draft(t.Context(), other, in); err != nil || d.ID == first.ID {
			t.Errorf("another party's key is another key: %v", err)
		}
		o.clock.Advance(24*60*60*1e9 + 1e6)
		if d, err := o.registrar.Draft(t.Context(), o.delegator, in); err != nil || d.ID == first.ID {
			t.Errorf("after a day the key is new: %v", err)
		}
	})
}

func TestWhatIsFiled(t *testing.T) {
	t.Parallel()
	t.Run("SQL in a field is stored as it stands", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		evil := `'); DROP TABLE delegations; -- ?? $1 :x "<b>&amp;\`
		d := o.draft(func(in *poa.DraftInput) {
			in.Powers, in.Limits, in.Delegate.Title, in.Delegate.Identification = []string{evil}, []string{evil}, evil, evil
		})
		got, err := o.records.Delegation(t.Context(), o.delegator, string(d.ID))
		must(t, err)
		if got.Contents.Powers[0] != evil || got.Contents.Limits[0] != evil || got.Contents.Delegate.Title != evil || got.Contents.Delegate.Identification != evil {
			t.Errorf("read back as %+v", got.Contents)
		}
		o.wantStatus(o.accept(o.submit(o.handIn(d))), poa.StatusValid)
	})
	t.Run("a draft from before a new confirmation is for a person to decide, and the new representative signs", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.handIn(o.draft())
		o.clock.Advance(time.Hour)
		changed := o.confirmation(o.delegator.PartyID)
		changed.RepresentativeName, changed.RepresentativeAddress = delegatePerson.Name, delegatePerson.Address
		must(t, o.enrollment.Confirm(t.Context(), o.reception, changed))
		_, err := o.file(d, sign(t, o.signer, o.draftFile(d)))
		wantCode(t, err, poa.CodeSignerName)
		d, err = o.file(d, sign(t, o.delegate, o.draftFile(d)))
		must(t, err)
		details, err := o.records.Details(t.Context(), o.reception, d)
		must(t, err)
		found := false
		for _, c := range details.Checks {
			found = found || c.Kind == poa.CheckDocument && c.Result == poa.CheckPossible && c.Reason == "REGISTER_CHANGED"
		}
		if !found {
			t.Errorf("the checks are %+v", details.Checks)
		}
	})
	t.Run("text that is not in normal form is filed in normal form", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.draft(func(in *poa.DraftInput) { in.Powers = []string{"か\u3099くの件", "\uFA19社の件"} })
		if diff := cmp.Diff([]string{"がくの件", "神社の件"}, d.Contents.Powers); diff != "" {
			t.Error(diff)
		}
		if !bytes.Contains(o.draftFile(d), []byte("神社の件")) {
			t.Error("the file says otherwise")
		}
	})
}
