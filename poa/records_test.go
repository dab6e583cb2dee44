// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// viewers are one actor of each kind that may or may not see a delegation.
type viewers struct {
	*office
	d      poa.Delegation
	actors map[string]poa.Actor
	hook   poa.Endpoint
}

func newViewers(t *testing.T) viewers {
	t.Helper()
	o := newOffice(t)
	v := viewers{office: o, d: o.accepted(), hook: o.endpoint(o.delegator)}
	other := o.enrol("other@example.jp")
	otherRecipient, _ := o.enrolRecipient("second@example.jp")
	o.watch(o.recipient, v.d)
	delegate := o.delegateOf(v.d, poa.MailRenounceLink)
	stranger := o.delegateOf(o.draft(), poa.MailDelegateLink)
	v.actors = map[string]poa.Actor{
		"nobody": {}, "anonymous": poa.Anonymous("ja"), "delegator": o.delegator, "other delegator": other, "delegate": delegate, "other delegate": stranger,
		"recipient": o.recipient, "other recipient": otherRecipient, "reception": o.reception, "service owner": o.serviceOwner, "auditor": o.auditor,
		"manager":    o.appoint(o.serviceOwner, "manager@ininjo.example", poa.RoleServiceManager),
		"operator":   o.appoint(o.serviceOwner, "operator@ininjo.example", poa.RoleServiceOperator),
		"maintainer": o.appoint(o.serviceOwner, "maintainer@ininjo.example", poa.RoleMaintainer),
	}
	return v
}

// seers returns for which actors see succeeds; the others must be told what
// hides the thing: NOT_FOUND, or UNAUTHENTICATED to whoever is not signed in.
func (v viewers) seers(t *testing.T, what string, see func(poa.Actor) error) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for name, actor := range v.actors {
		err := see(actor)
		if err == nil {
			seen[name] = true
			continue
		}
		want := poa.CodeNotFound
		if name == "nobody" || name == "anonymous" {
			want = poa.CodeUnauthenticated
		}
		if got := poa.CodeOf(err); got != want {
			t.Errorf("%s: %s is told %s", what, name, got)
		}
	}
	return seen
}

func who(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	return set
}

// TestWhoSeesWhat is rule 11 of design.md: missing and not-yours look the same.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	v := newViewers(t)
	ctx, id, page := t.Context(), string(v.d.ID), poa.Page{First: 100}
	file := func(kind poa.FileKind) func(poa.Actor) error {
		return func(a poa.Actor) error { _, err := v.records.File(ctx, a, id, kind); return err }
	}
	for _, row := range []struct {
		what string
		see  func(poa.Actor) error
		want map[string]bool
	}{
		{"the delegation", func(a poa.Actor) error { _, err := v.records.Delegation(ctx, a, id); return err },
			who("delegator", "delegate", "reception", "service owner", "manager")},
		{"its details", func(a poa.Actor) error {
			if _, err := v.records.Delegation(ctx, a, id); err != nil {
				if _, err := v.records.Details(ctx, a, v.d); err == nil {
					return nil
				}
				return err
			}
			_, err := v.records.Details(ctx, a, v.d)
			return err
		},
			who("delegator", "delegate", "reception", "service owner", "manager")},
		{"a delegation that is not there", func(a poa.Actor) error {
			_, err := v.records.Delegation(ctx, a, string(poa.NewDelegationID()))
			return err
		}, who()},
		{"a mistyped one", func(a poa.Actor) error { _, err := v.records.Delegation(ctx, a, "' OR 1=1 --\x00"); return err }, who()},
		{"the signed file", file(poa.FileSigned), who("delegator", "delegate", "reception", "service owner", "manager")},
		{"the draft", file(poa.FileDraft), who("delegator", "delegate", "reception", "service owner", "manager")},
		{"the delegate's signed challenge", file(poa.FileCertificate), who("reception", "service owner", "manager")},
		{"the delegator", func(a poa.Actor) error { _, err := v.records.Delegator(ctx, a, v.delegator.PartyID); return err },
			who("delegator", "reception", "service owner", "manager")},
		{"the recipient", func(a poa.Actor) error { _, err := v.records.Recipient(ctx, a, v.recipient.PartyID); return err },
			who("recipient", "reception", "service owner", "manager")},
		{"a recipient under a delegator's ID", func(a poa.Actor) error { _, err := v.records.Recipient(ctx, a, v.delegator.PartyID); return err }, who()},
		{"a party that is not there", func(a poa.Actor) error { _, err := v.records.Delegator(ctx, a, "\x00"); return err }, who()},
		{"why an application was refused", func(a poa.Actor) error { _, err := v.records.PartyRefusals(ctx, a, v.delegator.PartyID); return err },
			who("delegator", "reception", "service owner", "manager")},
		{"the delegator's endpoint", func(a poa.Actor) error { _, err := v.records.Endpoint(ctx, a, v.hook.ID); return err }, who("delegator")},
		{"its deliveries", func(a poa.Actor) error { _, err := v.records.Deliveries(ctx, a, v.hook.ID, 10); return err }, who("delegator")},
		{"an endpoint that is not there", func(a poa.Actor) error { _, err := v.records.Endpoint(ctx, a, "\x00"); return err }, who()},
		{"the list of delegations", func(a poa.Actor) error {
			list, err := v.records.Delegations(ctx, a, poa.DelegationFilter{}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		}, who("delegator", "reception", "service owner", "manager")},
		{"the list of delegators", func(a poa.Actor) error {
			list, err := v.records.Delegators(ctx, a, poa.PartyFilter{}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		}, who("delegator", "other delegator", "reception", "service owner", "manager")},
		{"the list of recipients", func(a poa.Actor) error {
			list, err := v.records.Recipients(ctx, a, poa.PartyFilter{}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		}, who("recipient", "other recipient", "reception", "service owner", "manager")},
		{"the delegations that a recipient watches", func(a poa.Actor) error {
			list, err := v.records.Delegations(ctx, a, poa.DelegationFilter{WatchedBy: v.recipient.PartyID}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		}, who("reception", "service owner", "manager")},
		{"another's delegations by the filter", func(a poa.Actor) error {
			list, err := v.records.Delegations(ctx, a, poa.DelegationFilter{DelegatorID: v.delegator.PartyID}, poa.Order{}, page)
			return listed(len(list.Items), list.Total, err)
		}, who("delegator", "reception", "service owner", "manager")},
		{"another delegator by the filter", func(a poa.Actor) error {
			list, err := v.records.Delegators(ctx, a, poa.PartyFilter{IDs: []string{v.delegator.PartyID}}, poa.Order{}, page)
			for _, d := range list.Items {
				if d.ID == v.delegator.PartyID {
					return nil
				}
			}
			return listed(0, 0, err)
		}, who("delegator", "reception", "service owner", "manager")},
	} {
		if diff := cmp.Diff(row.want, v.seers(t, row.what, row.see)); diff != "" {
			t.Errorf("%s: %s", row.what, diff)
		}
	}
}

// listed tells an empty list from one that shows something.
func listed(items, total int, err error) error {
	if err == nil && items == 0 && total == 0 {
		return poa.ErrNotFound
	}
	return err
}

func TestLists(t *testing.T) {
	t.Parallel()
	t.Run("a party's list holds its own and nothing else", func(t *testing.T) {
		t.Parallel()
		v := newViewers(t)
		list, err := v.records.Delegators(t.Context(), v.actors["other delegator"], poa.PartyFilter{}, poa.Order{}, poa.Page{First: 10})
		if err != nil || len(list.Items) != 1 || list.Items[0].ID != v.actors["other delegator"].PartyID || list.Total != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		endpoints, err := v.records.Endpoints(t.Context(), v.delegator)
		if err != nil || len(endpoints) != 1 || endpoints[0].Secret != "" {
			t.Errorf("%+v, %v", endpoints, err)
		}
		for _, name := range []string{"recipient", "delegate", "reception", "other delegator"} {
			if got, err := v.records.Endpoints(t.Context(), v.actors[name]); err != nil || len(got) > 0 {
				t.Errorf("%s sees endpoints %v, %v", name, got, err)
			}
		}
		watches, err := v.records.Watches(t.Context(), v.recipient, 10)
		if err != nil || len(watches) != 1 || watches[0].DelegationID != v.d.ID {
			t.Errorf("%+v, %v", watches, err)
		}
		_, err = v.records.Watches(t.Context(), v.delegator, 10)
		wantCode(t, err, poa.CodeForbidden)
	})
	t.Run("a delegate sees no checks, and staff alone what the certificate said", func(t *testing.T) {
		t.Parallel()
		v := newViewers(t)
		for name, checks := range map[string]bool{"delegate": false, "delegator": true, "reception": true} {
			details, err := v.records.Details(t.Context(), v.actors[name], v.d)
			if err != nil || (len(details.Checks) > 0) != checks {
				t.Errorf("%s: %+v, %v", name, details.Checks, err)
			}
		}
		for name, actor := range v.actors {
			handed, err := v.records.HandedIn(t.Context(), actor, v.d.ID)
			if sees := who("reception", "service owner", "manager")[name]; sees != (err == nil) || sees && handed.Name != delegatePerson.Name {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("pages are bounded and their cursors checked", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		for range 3 {
			o.draft()
		}
		list := func(p poa.Page) (poa.List[poa.Delegation], error) {
			return o.records.Delegations(t.Context(), o.delegator, poa.DelegationFilter{}, poa.Order{}, p)
		}
		first, err := list(poa.Page{First: 2})
		if err != nil || len(first.Items) != 2 || !first.HasNext || first.HasPrevious || first.Total != 3 {
			t.Errorf("%+v, %v", first, err)
		}
		next, err := list(poa.Page{First: 2, After: first.Cursors[1]})
		if err != nil || len(next.Items) != 1 || next.HasNext || !next.HasPrevious {
			t.Errorf("%+v, %v", next, err)
		}
		for _, p := range []poa.Page{{First: 101}, {Last: 101}, {First: -1}, {First: 1, Last: 1}, {First: 1, After: "garbage\x00"}, {First: 1, After: "' OR 1=1 --"}} {
			if _, err := list(p); poa.CodeOf(err) != poa.CodeBadUserInput {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
	t.Run("the audit log is the auditor's and the manager's, and reading it is recorded", func(t *testing.T) {
		t.Parallel()
		v := newViewers(t)
		for name, actor := range v.actors {
			v.clock.Advance(time.Second)
			list, err := v.records.AuditEvents(t.Context(), actor, poa.AuditFilter{Actions: []poa.Action{poa.ActionAuditRead}}, poa.Page{First: 10})
			if sees := who("auditor", "manager")[name]; sees != (err == nil) || sees && (len(list.Items) == 0 || list.Items[0].ActorID != actor.ID) {
				t.Errorf("%s: %+v, %v", name, list, err)
			}
		}
		for _, f := range []poa.AuditFilter{{SubjectID: "\x00"}, {SubjectID: "\xff"}, {Actions: []poa.Action{"a\x00"}}} {
			if _, err := v.records.AuditEvents(t.Context(), v.actors["auditor"], f, poa.Page{First: 10}); poa.CodeOf(err) != poa.CodeBadUserInput {
				t.Errorf("%+q: %v", f, err)
			}
		}
	})
}
