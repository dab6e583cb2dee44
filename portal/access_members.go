// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// sessionsView lists the browsers in which an account is signed in.
type sessionsView struct {
	Sessions []poa.Session
	Current  string
}

// Device makes a browser's name for itself readable.
func (v sessionsView) Device(s poa.Session) string { return poa.AgentName(s.Agent) }

func (p *portal) listSessions(r *request) error {
	sessions, err := p.Access.Sessions(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "access-sessions", sessionsView{sessions, r.actor.SessionID})
}

// endSession ends one session; the own one is signed out of.
func (p *portal) endSession(r *request) error {
	if r.PathValue("id") == r.actor.SessionID {
		return p.signOut(r)
	}
	if err := p.Access.EndSession(r.Context(), r.actor, r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/account/sessions?done=session-ended")
}

func (p *portal) endOtherSessions(r *request) error {
	if err := p.Access.EndOtherSessions(r.Context(), r.actor); err != nil {
		return err
	}
	return r.redirect("/account/sessions?done=sessions-ended")
}

// membersView is who acts for a party.
type membersView struct {
	poa.Membership
	Own string
	Now time.Time
}

// Over reports whether an invitation can be accepted no more until it is sent again.
func (v membersView) Over(i poa.Invitation) bool { return !v.Now.Before(i.ExpiresAt) }

func (p *portal) listMembers(r *request) error {
	return p.members(r, newForm("invite", "member", string(poa.MemberReader), "language", r.lang))
}

func (p *portal) members(r *request, f *Form) error {
	m, err := p.Access.Members(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "access-members", membersView{m, r.actor.ID, p.Clock.Now()}, f)
}

func (p *portal) invite(r *request) error {
	err := p.Access.Invite(r.Context(), r.actor, poa.InviteInput{IdempotencyKey: r.key(), Email: r.text("email"), Member: poa.MemberRole(r.text("member")), Language: r.text("language")})
	if faults, ok := faultsOf(err); ok {
		return p.members(r, r.refused("invite", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/account/members?done=invited")
}

func (p *portal) obligeSecondFactor(r *request) error {
	if err := p.Access.ObligeSecondFactor(r.Context(), r.actor, r.text("obligatory") == "yes"); err != nil {
		return err
	}
	return r.redirect("/account/members?done=obligation")
}

// member finds a member of the path, for an administrator.
func (p *portal) member(r *request) (poa.Account, error) {
	if !r.actor.IsMember(poa.MemberAdministrator) {
		return poa.Account{}, poa.ErrForbidden
	}
	m, err := p.Access.Members(r.Context(), r.actor)
	if err != nil {
		return poa.Account{}, err
	}
	for _, each := range m.Members {
		if each.ID == r.PathValue("id") {
			return each, nil
		}
	}
	return poa.Account{}, poa.ErrNotFound
}

func (p *portal) showMember(r *request) error { return p.memberPage(r, "access-member") }

func (p *portal) showRemoveMember(r *request) error { return p.memberPage(r, "access-member-remove") }

func (p *portal) memberPage(r *request, view string, forms ...*Form) error {
	m, err := p.member(r)
	if err != nil {
		return err
	}
	if len(forms) == 0 {
		forms = []*Form{newForm("member", "member", string(m.Member))}
	}
	return p.render(r, view, m, forms...)
}

func (p *portal) changeMember(r *request) error {
	err := p.Access.ChangeMember(r.Context(), r.actor, poa.MemberInput{IdempotencyKey: r.key(), AccountID: r.PathValue("id"), Member: poa.MemberRole(r.text("member"))})
	return p.memberDone(r, "access-member", "member", "member-changed", err)
}

func (p *portal) removeMember(r *request) error {
	err := p.Access.RemoveMember(r.Context(), r.actor, r.key(), r.PathValue("id"))
	return p.memberDone(r, "access-member-remove", removeMember, "member-removed", err)
}

func (p *portal) memberDone(r *request, view, scope, done string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.memberPage(r, view, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	if r.PathValue("id") == r.actor.ID { // one's own role: what follows may be forbidden
		return r.redirect("/account?done=" + done)
	}
	return r.redirect("/account/members?done=" + done)
}

func (p *portal) resendInvitation(r *request) error {
	if err := p.Access.ResendInvitation(r.Context(), r.actor, r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/account/members?done=invitation-sent")
}

func (p *portal) withdrawInvitation(r *request) error {
	if err := p.Access.WithdrawInvitation(r.Context(), r.actor, r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/account/members?done=invitation-withdrawn")
}

func (p *portal) listStaffFactors(r *request) error {
	all, err := p.Access.StaffFactors(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "access-staff", all)
}

func (p *portal) showResetFactors(r *request) error {
	all, err := p.Access.StaffFactors(r.Context(), r.actor)
	if err != nil {
		return err
	}
	for _, each := range all {
		if each.Account.ID == r.PathValue("id") {
			return p.render(r, "access-reset", each)
		}
	}
	return poa.ErrNotFound
}

func (p *portal) resetFactors(r *request) error {
	if err := p.Access.ResetFactors(r.Context(), r.actor, r.key(), r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/staff/second-factors?done=factors-reset")
}

// memberRoles are the options of a member's role.
func (t translator) memberRoles(f Field) Field {
	return labelled(f, t, "member", poa.MemberRoles)
}
