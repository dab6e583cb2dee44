// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// Registrar is chapter 4 of the operating rules: delegations are drafted,
// signed, filed, accepted or refused, and come to their end.
type Registrar struct {
	office
	policy  Policy
	profile jpki.Profile
	// verification is whom the checks ask beside the profile.
	verification Verification
}

// NewRegistrar returns the chapter's rules over a clock, a store and the
// certificates that it trusts.
func NewRegistrar(clock Clock, store Store, policy Policy, profile jpki.Profile) *Registrar {
	return &Registrar{office: office{clock, store}, policy: policy, profile: profile,
		verification: Verification{}.withDefaults()}
}

// DelegateInput is the 受任者 as the delegator states it.
type DelegateInput struct {
	Name           string        `json:"name" validate:"required,max=200,line,free"`
	Title          string        `json:"title" validate:"required_without=Qualification,max=100,line,free"`
	Qualification  Qualification `json:"qualification,omitempty" validate:"omitempty,oneof=ATTORNEY JUDICIAL_SCRIVENER CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST LAND_AND_HOUSE_INVESTIGATOR PATENT_ATTORNEY CERTIFIED_PUBLIC_TAX_ACCOUNTANT LABOR_AND_SOCIAL_SECURITY_ATTORNEY CERTIFIED_PUBLIC_ACCOUNTANT"`
	Address        string        `json:"address" validate:"required,max=300,line,free"`
	Identification string        `json:"identification" validate:"required,max=100,line,free"`
	Email          string        `json:"email" validate:"required,max=254,line,email"`
}

// DraftInput is what a delegator fills in of table 4-1; the rest is written by
// the service.
type DraftInput struct {
	IdempotencyKey string        `json:"idempotencyKey" validate:"required,max=128,line"`
	Delegate       DelegateInput `json:"delegate"`
	Powers         []string      `json:"powers" validate:"required,min=1,max=50,dive,required,max=1000,line,free"`
	Limits         []string      `json:"limits" validate:"max=50,dive,required,max=1000,line,free"`
	SubDelegation  bool          `json:"subDelegation"`
	ValidFrom      Date          `json:"validFrom"`
	ValidThrough   Date          `json:"validThrough"`
	// Format is that of the file to sign; empty means [DefaultFormat].
	Format DocumentFormat `json:"format,omitempty" validate:"max=16"`
	// Replaces is the ID of the delegation that the new one takes the place of.
	Replaces string `json:"replaces,omitempty" validate:"max=64"`
}

// Draft makes a delegation out of table 4-1: it draws the ID and a place in the
// status lists, writes the exact file to sign, and mails the delegate a
// one-time link (4.1.1, 4.1.4). With Replaces it is an update (4.2).
func (r *Registrar) Draft(ctx context.Context, actor Actor, in DraftInput) (Delegation, error) {
	if err := r.admit(ctx, actor, ActionDrafted, actor.requireFor(ActorDelegator, MemberAdministrator)); err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, ActionDrafted, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		owner, err := a.Delegator(ctx, a.actor.PartyID)
		if err != nil {
			return "", fmt.Errorf("reading delegator: %w", err)
		}
		if owner.State != EnrollmentActive || owner.Confirmation == nil {
			return "", ErrForbidden
		}
		faults := r.checkDraft(in, a.now)
		replaces, err := r.replaceable(ctx, a, in.Replaces, &faults)
		if err != nil {
			return "", err
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		return r.draft(ctx, a, owner, in, replaces)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

func (r *Registrar) checkDraft(in DraftInput, now time.Time) Faults {
	faults := checkInput(in)
	if in.ValidFrom.IsZero() {
		faults.Add(CodeRequired, "validFrom")
	}
	switch {
	case in.ValidThrough.IsZero():
		faults.Add(CodeRequired, "validThrough")
	case in.ValidThrough.Before(in.ValidFrom):
		faults.Add(CodeDateOrder, "validThrough")
	case !now.Before(in.ValidThrough.Ends()):
		faults.Add(CodeTermOver, "validThrough")
	case !in.ValidFrom.IsZero() && !in.ValidThrough.Before(in.ValidFrom.addYears(r.policy.MaxTermYears)):
		faults.Add(CodeTermTooLong, "validThrough", "bound", fmt.Sprint(r.policy.MaxTermYears))
	}
	if _, known := in.format(); !known {
		faults.Add(CodeFormatUnknown, "format")
	}
	return faults
}

func (in DraftInput) format() (document.Format, bool) {
	return document.Known().ByName(string(cmp.Or(in.Format, DefaultFormat)))
}

// replaceable locks the delegation to be replaced: it must be the delegator's
// own, accepted, not ended, and without an accepted replacement.
func (r *Registrar) replaceable(ctx context.Context, a *act, text string, faults *Faults) (DelegationID, error) {
	if text == "" {
		return "", nil
	}
	id, ok := ParseDelegationID(text)
	if !ok {
		faults.Add(CodeUnknownDelegation, "replaces")
		return "", nil
	}
	old, err := r.own(ctx, a, id)
	switch {
	case errors.Is(err, ErrNotFound):
		faults.Add(CodeUnknownDelegation, "replaces")
		return "", nil
	case err != nil:
		return "", err
	}
	code, err := r.replaceFault(ctx, a, old)
	if code != "" {
		faults.Add(code, "replaces")
	}
	return id, err
}

func (r *Registrar) replaceFault(ctx context.Context, a *act, old Delegation) (Code, error) {
	if old.State != StateAccepted {
		return CodeNotAccepted, nil
	}
	successor, err := a.Replacement(ctx, old.ID)
	if err != nil {
		return "", fmt.Errorf("reading replacement: %w", err)
	}
	if successor != "" {
		return CodeAlreadyReplaced, nil
	}
	p, err := a.Projection(ctx, old.ID)
	if err != nil {
		return "", fmt.Errorf("reading projection: %w", err)
	}
	if p.ended(a.now) {
		return CodeAlreadyEnded, nil
	}
	return "", nil
}

// ended reports whether a final act took effect or the term is over.
func (p Projection) ended(now time.Time) bool {
	return p.Final != nil && !now.Before(p.Final.From) || !now.Before(p.Term.Through.Ends())
}

// own locks a delegation of the actor's; missing and not-yours look the same.
func (r *Registrar) own(ctx context.Context, a *act, id DelegationID) (Delegation, error) {
	d, err := a.LockDelegation(ctx, id)
	if err != nil {
		return Delegation{}, err
	}
	if d.DelegatorID != a.actor.PartyID {
		return Delegation{}, ErrNotFound
	}
	return d, nil
}

func (r *Registrar) draft(ctx context.Context, a *act, owner Delegator, in DraftInput, replaces DelegationID) (string, error) {
	entry, err := a.AllocateStatusEntry(ctx)
	if err != nil {
		return "", fmt.Errorf("allocating status entry: %w", err)
	}
	d := Delegation{ID: NewDelegationID(), DelegatorID: owner.ID, State: StateDrafted, ValidFrom: in.ValidFrom, ValidThrough: in.ValidThrough,
		StatusList: entry, Replaces: replaces, DraftedAt: a.now, Format: cmp.Or(in.Format, DefaultFormat),
		Contents: Contents{Mandator: mandatorOf(owner), Delegate: Delegate(in.Delegate), Powers: in.Powers, Limits: in.Limits, SubDelegation: in.SubDelegation}.normal()}
	format, _ := in.format() // checkDraft wanted a known one
	file, err := format.Marshal(r.content(d))
	if documentCode(err) == CodeNoGlyph {
		return "", Faults{newFault(CodeNoGlyph, "format")}
	}
	if err != nil {
		return "", fmt.Errorf("writing draft: %w", err)
	}
	d.DraftSHA256 = sha256.Sum256(file)
	if err := a.InsertDelegation(ctx, d, file); err != nil {
		return "", fmt.Errorf("inserting delegation: %w", err)
	}
	a.note("draftSha256", hexOf(d.DraftSHA256))
	return string(d.ID), r.sendLink(ctx, a, d, owner, LinkAnswer)
}

// normal brings what stands in the file into Unicode's form C, as the file's
// format does: what is shown and compared is what is signed.
func (c Contents) normal() Contents {
	for _, s := range []*string{&c.Mandator.Name, &c.Mandator.Address, &c.Mandator.RepresentativeTitle, &c.Mandator.RepresentativeName,
		&c.Delegate.Name, &c.Delegate.Title, &c.Delegate.Address, &c.Delegate.Identification} {
		*s = kanji.NFC(*s)
	}
	c.Powers, c.Limits = slices.Clone(c.Powers), slices.Clone(c.Limits)
	for _, list := range [][]string{c.Powers, c.Limits} {
		for i := range list {
			list[i] = kanji.NFC(list[i])
		}
	}
	return c
}

// mandatorOf takes the register's words, not the applicant's: it is they that
// the signer's certificate is compared with.
func mandatorOf(owner Delegator) Mandator {
	says := owner.Confirmation.Says
	return Mandator{Kind: owner.Kind, CorporateNumber: says.CorporateNumber, Name: says.Name, Address: says.Address,
		RepresentativeTitle: says.RepresentativeTitle, RepresentativeName: says.RepresentativeName, BirthDate: says.BirthDate}
}

func (r *Registrar) sendLink(ctx context.Context, a *act, d Delegation, owner Delegator, purpose LinkPurpose) error {
	token, hash := NewSecret(LinkPrefix)
	expires, template := a.now.Add(r.policy.DraftTTL), MailDelegateLink
	if purpose == LinkRenounce {
		expires, template = d.ValidThrough.Ends(), MailRenounceLink
	}
	link := Link{ID: NewID(PrefixLink), Hash: hash, Purpose: purpose, DelegationID: d.ID, CreatedAt: a.now, ExpiresAt: expires}
	if err := a.InsertLink(ctx, link); err != nil {
		return fmt.Errorf("inserting link: %w", err)
	}
	return a.mail(ctx, Mail{DelegationID: d.ID, To: d.Contents.Delegate.Email, Template: template, Language: owner.Language,
		Values: map[string]string{"organisation": owner.Profile.Name, "delegate": d.Contents.Delegate.Name, "delegationId": string(d.ID), "link": r.policy.LinkURL(token)}})
}
