// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// TestDelegateRepeats is rule 10 of design.md for the acts that use up the link
// by which their actor is known.
func TestDelegateRepeats(t *testing.T) {
	t.Parallel()
	t.Run("a no is taken once", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.submitted()
		key := newKey()
		must(t, o.registrar.Decline(t.Context(), o.delegateOf(d, poa.MailDelegateLink), key))
		used, before := o.usedUp(d, poa.MailDelegateLink), o.counts()
		must(t, o.registrar.Decline(t.Context(), used, key))
		if diff := cmp.Diff(map[string]int{}, o.grown(before)); diff != "" {
			t.Errorf("the repeat stored %s", diff)
		}
		wantCode(t, o.registrar.Decline(t.Context(), used, newKey()), poa.CodeLinkOver)
		if diff := cmp.Diff(audited, o.grown(before)); diff != "" {
			t.Errorf("a second no stored %s", diff)
		}
	})
	t.Run("a renunciation is answered as it was", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		d := o.accepted()
		key := newKey()
		first, err := o.registrar.Renounce(t.Context(), o.delegateOf(d, poa.MailRenounceLink), key)
		must(t, err)
		o.clock.Advance(time.Hour)
		used, before := o.usedUp(d, poa.MailRenounceLink), o.counts()
		again, err := o.registrar.Renounce(t.Context(), used, key)
		must(t, err)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("the repeat was answered otherwise: %s", diff)
		}
		if diff := cmp.Diff(map[string]int{}, o.grown(before)); diff != "" {
			t.Errorf("the repeat stored %s", diff)
		}
		_, err = o.registrar.Renounce(t.Context(), used, newKey())
		wantCode(t, err, poa.CodeLinkOver)
		o.clock.Advance(24 * time.Hour)
		_, err = o.registrar.Renounce(t.Context(), o.usedUp(d, poa.MailRenounceLink), key)
		wantCode(t, err, poa.CodeLinkOver) // the key is forgotten
	})
}

func TestUsedLinkDoesNothingElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.draft()
	challenge, err := o.registrar.Challenge(t.Context(), o.delegateOf(d, poa.MailDelegateLink))
	must(t, err)
	must(t, o.registrar.Decline(t.Context(), o.delegateOf(d, poa.MailDelegateLink), newKey()))
	used := o.usedUp(d, poa.MailDelegateLink)
	_, err = o.registrar.Challenge(t.Context(), used)
	wantCode(t, err, poa.CodeLinkOver)
	_, err = o.registrar.HandIn(t.Context(), used, poa.HandInInput{IdempotencyKey: newKey(), ChallengeID: challenge.ID, SignedFile: sign(t, o.delegate, challenge.Text)})
	wantCode(t, err, poa.CodeLinkOver)
	_, err = o.registrar.Renounce(t.Context(), used, newKey())
	wantCode(t, err, poa.CodeForbidden)
}

func TestUsedLinkSeesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	ctx, id, page := t.Context(), string(d.ID), poa.Page{First: 10}
	_, err := o.registrar.Renounce(ctx, o.delegateOf(d, poa.MailRenounceLink), newKey())
	must(t, err)
	used := o.usedUp(d, poa.MailRenounceLink)
	for what, see := range map[string]func() error{
		"the delegation":  func() error { _, err := o.records.Delegation(ctx, used, id); return err },
		"its details":     func() error { _, err := o.records.Details(ctx, used, d); return err },
		"the draft":       func() error { _, err := o.records.File(ctx, used, id, poa.FileDraft); return err },
		"the signed file": func() error { _, err := o.records.File(ctx, used, id, poa.FileSigned); return err },
		"the certificate": func() error { _, err := o.records.HandedIn(ctx, used, d.ID); return err },
		"the delegator":   func() error { _, err := o.records.Delegator(ctx, used, d.DelegatorID); return err },
		"delegations": func() error {
			list, err := o.records.Delegations(ctx, used, poa.DelegationFilter{}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		},
		"delegators": func() error {
			list, err := o.records.Delegators(ctx, used, poa.PartyFilter{}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		},
	} {
		if got := poa.CodeOf(see()); got != poa.CodeNotFound {
			t.Errorf("%s: told %q", what, got)
		}
	}
}

// usedUp is who comes again by a link that was used.
func (o *office) usedUp(d poa.Delegation, template poa.MailTemplate) poa.Actor {
	o.tb.Helper()
	actor := o.delegateOf(d, template)
	if !actor.LinkUsed || actor.Kind != poa.ActorDelegate {
		o.tb.Fatalf("the link is not used up: %+v", actor)
	}
	return actor
}
