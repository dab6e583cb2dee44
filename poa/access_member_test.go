// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	invite := func(actor poa.Actor, email string) error {
		return d.access.Invite(ctx, actor, poa.InviteInput{IdempotencyKey: newKey(), Email: email, Member: poa.MemberDeveloper, Language: "en"})
	}
	accept := func(token string) error {
		return d.access.AcceptInvitation(ctx, poa.Anonymous("ja"), poa.AcceptInput{Token: token, Name: "新人 花子", Password: password})
	}
	token := func(email string) string {
		return tokenOf(d.mailTo(email, poa.MailInvitation).Values["link"])
	}
	open := func() poa.Invitation {
		m, err := d.access.Members(ctx, d.admin)
		must(t, err)
		return m.Invitations[len(m.Invitations)-1]
	}
	wantCode(t, invite(poa.Anonymous("ja"), "a@example.jp"), poa.CodeUnauthenticated)
	wantCode(t, invite(d.reception, "a@example.jp"), poa.CodeForbidden)
	wantCode(t, invite(d.admin, "no address"), poa.CodeInvalid)
	wantCode(t, invite(d.admin, adminEmail), poa.CodeEmailTaken)

	t.Run("of two who accept at once one becomes a member", func(t *testing.T) {
		must(t, invite(d.admin, "a@example.jp"))
		wantCode(t, invite(d.admin, "A@example.jp"), poa.CodeAlreadyInvited)
		text := token("a@example.jp")
		try := func() error { return accept(text) }
		if errs := atOnce(try, try, try); countNil(errs) != 1 {
			t.Errorf("got %v", errs)
		}
		wantCode(t, accept(text), poa.CodeLinkOver)
		if actor := d.in("a@example.jp"); actor.Member != poa.MemberDeveloper || actor.PartyID != d.admin.PartyID {
			t.Errorf("%+v", actor)
		}
	})
	t.Run("a withdrawn one, one sent again and one that is over have no link any more", func(t *testing.T) {
		must(t, invite(d.admin, "b@example.jp"))
		first := token("b@example.jp")
		must(t, d.access.ResendInvitation(ctx, d.admin, open().ID))
		wantCode(t, accept(first), poa.CodeLinkOver)
		second := token("b@example.jp")
		must(t, d.access.WithdrawInvitation(ctx, d.admin, open().ID))
		wantCode(t, accept(second), poa.CodeLinkOver)
		must(t, invite(d.admin, "b@example.jp"))
		d.clock.Advance(d.policy.LinkTTL)
		wantCode(t, accept(token("b@example.jp")), poa.CodeLinkOver)
		must(t, d.access.ResendInvitation(ctx, d.admin, open().ID))
		must(t, accept(token("b@example.jp")))
	})
	t.Run("another party's invitation is not there", func(t *testing.T) {
		must(t, invite(d.admin, "c@example.jp"))
		stranger := d.enrol("stranger@example.jp")
		wantCode(t, d.access.WithdrawInvitation(ctx, stranger, open().ID), poa.CodeNotFound)
		wantCode(t, d.access.ChangeMember(ctx, stranger, poa.MemberInput{IdempotencyKey: newKey(), AccountID: d.admin.ID, Member: poa.MemberReader}), poa.CodeNotFound)
	})
}

// TestRolesOfMembers tries acts of every kind in every role.
func TestRolesOfMembers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	developer, reader := d.joins("dev@example.jp", poa.MemberDeveloper), d.joins("read@example.jp", poa.MemberReader)
	acts := map[string]struct {
		least poa.MemberRole
		do    func(poa.Actor) error
	}{
		"draft": {poa.MemberAdministrator, func(a poa.Actor) error {
			_, err := d.registrar.Draft(ctx, a, d.draftInput())
			return err
		}},
		"revoke": {poa.MemberAdministrator, func(a poa.Actor) error {
			_, err := d.registrar.Revoke(ctx, a, poa.EndInput{IdempotencyKey: newKey(), DelegationID: string(poa.NewDelegationID())})
			return err
		}},
		"invite": {poa.MemberAdministrator, func(a poa.Actor) error {
			return d.access.Invite(ctx, a, poa.InviteInput{IdempotencyKey: newKey(), Email: newKey() + "@example.jp", Member: poa.MemberReader})
		}},
		"token": {poa.MemberDeveloper, func(a poa.Actor) error {
			_, _, err := d.enrollment.CreateToken(ctx, a, poa.TokenInput{IdempotencyKey: newKey(), Name: "基幹", Scope: poa.ScopeAll, ExpiresInDays: 1})
			return err
		}},
		"endpoint": {poa.MemberDeveloper, func(a poa.Actor) error {
			_, err := d.notifier.CreateEndpoint(ctx, a, poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://hook.example/" + newKey()}, anyURL{})
			return err
		}},
		"members": {poa.MemberReader, func(a poa.Actor) error { _, err := d.access.Members(ctx, a); return err }},
		"tokens":  {poa.MemberReader, func(a poa.Actor) error { _, err := d.enrollment.Tokens(ctx, a); return err }},
	}
	for name, act := range acts {
		for role, actor := range map[poa.MemberRole]poa.Actor{poa.MemberAdministrator: d.admin, poa.MemberDeveloper: developer, poa.MemberReader: reader} {
			allowed := slices.Index(poa.MemberRoles, role) <= slices.Index(poa.MemberRoles, act.least)
			if err := act.do(actor); (codeOf(err) == poa.CodeForbidden) == allowed {
				t.Errorf("%s as %s: %v", name, role, err)
			}
		}
	}

	t.Run("a token has the rights of its account, and ends with it", func(t *testing.T) {
		_, text, err := d.enrollment.CreateToken(ctx, developer, poa.TokenInput{IdempotencyKey: newKey(), Name: "鍵", Scope: poa.ScopeAll, ExpiresInDays: 1})
		must(t, err)
		by := func() (poa.Actor, error) {
			actor, _, err := d.store.ActorByToken(ctx, hashOf(text), d.clock.Now())
			return actor, err
		}
		must(t, d.access.ChangeMember(ctx, d.admin, poa.MemberInput{IdempotencyKey: newKey(), AccountID: developer.ID, Member: poa.MemberReader}))
		if actor, err := by(); err != nil || actor.Member != poa.MemberReader {
			t.Errorf("%+v, %v", actor, err)
		}
		if m := d.mailTo("dev@example.jp", poa.MailRoleChanged); m.Values["role"] != "READER" {
			t.Errorf("told of %s", m.Values["role"])
		}
		must(t, d.access.RemoveMember(ctx, d.admin, newKey(), developer.ID))
		_, err = by()
		wantCode(t, err, poa.CodeNotFound)
		if d.session(developer).ID != "" {
			t.Error("the session holds")
		}
		again := d.joins("dev@example.jp", poa.MemberReader)
		if again.ID != developer.ID || again.Member != poa.MemberReader {
			t.Errorf("came back as %+v", again)
		}
	})
	t.Run("an obligation asks each member at the next page", func(t *testing.T) {
		wantCode(t, d.access.ObligeSecondFactor(ctx, reader, true), poa.CodeForbidden)
		d.enrols(d.admin)
		must(t, d.access.ObligeSecondFactor(ctx, d.admin, true))
		if now := d.session(reader); now.Enrolling != reader.ID || now.Kind != poa.ActorAnonymous {
			t.Errorf("%+v", now)
		}
		if d.session(d.admin).ID != d.admin.ID {
			t.Error("who has a factor is asked as well")
		}
		d.clock.Advance(time.Minute)
		d.enrols(d.session(reader))
		if now := d.session(reader); now.ID != reader.ID {
			t.Errorf("%+v", now)
		}
	})
}

// TestLastAdministrator: two who remove each other at once, and one's own removal.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	wantCode(t, d.access.RemoveMember(ctx, d.admin, newKey(), d.admin.ID), poa.CodeLastAdministrator)
	wantCode(t, d.access.ChangeMember(ctx, d.admin, poa.MemberInput{IdempotencyKey: newKey(), AccountID: d.admin.ID, Member: poa.MemberReader}), poa.CodeLastAdministrator)
	for range 5 {
		second := d.joins(newKey()+"@example.jp", poa.MemberAdministrator)
		errs := atOnce(
			func() error { return d.access.RemoveMember(ctx, d.admin, newKey(), second.ID) },
			func() error {
				return d.access.ChangeMember(ctx, second, poa.MemberInput{IdempotencyKey: newKey(), AccountID: d.admin.ID, Member: poa.MemberReader})
			})
		if countNil(errs) != 1 {
			t.Errorf("got %v", errs)
		}
		if errs[0] != nil { // the second one is the administrator now, and gives the role back
			must(t, d.access.ChangeMember(ctx, second, poa.MemberInput{IdempotencyKey: newKey(), AccountID: d.admin.ID, Member: poa.MemberAdministrator}))
			must(t, d.access.RemoveMember(ctx, d.admin, newKey(), second.ID))
		}
	}
}

// TestThereIsAlwaysAnAdministrator changes members at random against a plain model.
func TestThereIsAlwaysAnAdministrator(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	rapid.Check(t, func(r *rapid.T) {
		m, err := d.access.Members(ctx, d.admin)
		must(t, err)
		model := map[string]poa.MemberRole{}
		for _, each := range m.Members {
			model[each.ID] = each.Member
		}
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			ids := make([]string, 0, len(model))
			for id := range model {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			actorID, target := rapid.SampledFrom(ids).Draw(r, "actor"), rapid.SampledFrom(ids).Draw(r, "target")
			actor, err := d.store.ActorByAccount(ctx, actorID)
			must(t, err)
			role := rapid.SampledFrom(append([]poa.MemberRole{""}, poa.MemberRoles...)).Draw(r, "role")
			administrators := 0
			for _, each := range model {
				if each == poa.MemberAdministrator {
					administrators++
				}
			}
			last := administrators == 1 && model[target] == poa.MemberAdministrator && role != poa.MemberAdministrator
			want := model[actorID] == poa.MemberAdministrator && !last
			if role == "" {
				err = d.access.RemoveMember(ctx, actor, newKey(), target)
			} else {
				err = d.access.ChangeMember(ctx, actor, poa.MemberInput{IdempotencyKey: newKey(), AccountID: target, Member: role})
			}
			if (err == nil) != want {
				r.Fatalf("%s makes %s %q: %v", model[actorID], model[target], role, err)
			}
			switch {
			case err != nil:
			case role == "":
				delete(model, target)
			default:
				model[target] = role
			}
		}
		d.restore(model)
	})
}

// restore gives the door its administrator back and some members to change.
func (d *door) restore(model map[string]poa.MemberRole) {
	d.tb.Helper()
	d.data.Exec(d.tb, "UPDATE accounts SET member = 'ADMINISTRATOR', disabled_at = NULL WHERE id = '"+d.admin.ID+"'")
	if len(model) < 4 {
		for _, role := range poa.MemberRoles {
			d.joins(newKey()+"@example.jp", role)
		}
	}
}
