// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
)

// TitleCase is everything that a person needs to check a title.
type TitleCase struct {
	Title
	Delegation Delegation
	Body       ProfessionalBody
	// NumberFits is false where the number has another form than the body's are
	// believed to have: a note, no refusal.
	NumberFits bool
	// Looks are every look, the newest first.
	Looks []TitleLook
	// Second tells that somebody did not find the title in this round, and that
	// another person's word is wanted; SecondOfOther that it must be another's
	// than the viewer's.
	Second, SecondOfOther bool
	// Disagree tells that persons of this round saw different things.
	Disagree bool
	// Registered tells that the title is settled and the engagement is wanted.
	Registered bool
	// Open tells that a look can be recorded.
	Open bool
	// Names are those of the persons who looked, by account.
	Names map[string]string
}

// TitleQueue lists titles that wait for a person now, those asked first on top,
// or with waiting false all that are checked, to staff who see parties.
func (t *Titles) TitleQueue(ctx context.Context, actor Actor, waiting bool, p Page) (List[Title], error) {
	if err := t.permit(ctx, actor, MaySeeParties, ActionTitlesRead); err != nil {
		return List[Title]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[Title]{}, err
	}
	f := TitleFilter{States: []TitleState{TitleWaiting}, Now: t.clock.Now()}
	if !waiting {
		f = TitleFilter{States: []TitleState{TitleConfirmed, TitleSuspended, TitleStruckOff, TitleUnconfirmed, TitleUnasked}}
	}
	return t.store.Titles(ctx, f, p)
}

// TitleCase returns what a person needs to check a title, to staff who see
// parties.
func (t *Titles) TitleCase(ctx context.Context, actor Actor, text string) (TitleCase, error) {
	if err := t.permit(ctx, actor, MaySeeParties, ActionTitlesRead); err != nil {
		return TitleCase{}, err
	}
	id, ok := ParseDelegationID(text)
	if !ok {
		return TitleCase{}, ErrNotFound
	}
	title, err := t.store.Title(ctx, id)
	if err != nil {
		return TitleCase{}, err
	}
	c := TitleCase{Title: title}
	if c.Delegation, err = t.store.Delegation(ctx, id); err != nil {
		return TitleCase{}, fmt.Errorf("reading delegation: %w", err)
	}
	versions, err := t.store.BodyVersions(ctx, title.Qualification)
	if err != nil {
		return TitleCase{}, fmt.Errorf("reading professional body: %w", err)
	}
	if len(versions) > 0 {
		c.Body = versions[0]
	}
	c.NumberFits = c.Body.NumberFits(c.Delegation.Contents.Delegate.Identification)
	if c.Looks, err = t.store.Looks(ctx, id); err != nil {
		return TitleCase{}, fmt.Errorf("reading looks: %w", err)
	}
	var persons []string
	for _, l := range c.Looks {
		if !l.Machine {
			persons = append(persons, l.By)
		}
	}
	if c.Names, err = namesOf(ctx, t.store, persons); err != nil {
		return TitleCase{}, err
	}
	c.weigh(actor)
	for i, j := 0, len(c.Looks)-1; i < j; i, j = i+1, j-1 {
		c.Looks[i], c.Looks[j] = c.Looks[j], c.Looks[i]
	}
	if c.Open, err = t.isOpen(ctx, c); err != nil {
		return TitleCase{}, err
	}
	return c, nil
}

// weigh tells what the looks of the open round still lack.
func (c *TitleCase) weigh(viewer Actor) {
	if c.State != TitleWaiting {
		return
	}
	words := map[string]TitleStanding{}
	for _, l := range roundOf(c.Looks, c.Round) {
		if l.counts() && (l.Standing == SeenRegistered || l.Standing == SeenNotFound) {
			words[l.By] = l.Standing
		}
	}
	found, missing := 0, 0
	for by, word := range words {
		if word == SeenRegistered {
			found++
		} else {
			missing++
			c.SecondOfOther = c.SecondOfOther || by == viewer.ID
		}
	}
	c.Second, c.Disagree = missing > 0, missing > 0 && found > 0
	c.Registered = found > 0 && missing == 0
	c.SecondOfOther = c.SecondOfOther && !c.Disagree
}

func (t *Titles) isOpen(ctx context.Context, c TitleCase) (bool, error) {
	if c.State == TitleOver || c.Delegation.State != StateSubmitted && c.Delegation.State != StateAccepted {
		return false, nil
	}
	if c.Delegation.State == StateSubmitted {
		return true, nil
	}
	p, err := t.store.Projection(ctx, c.DelegationID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && !p.ended(t.clock.Now()), err
}

// RegistryStates tells how each connection to a registry stands, to staff.
func (t *Titles) RegistryStates(actor Actor) []RegistryState {
	if t.registry == nil || actor.Kind != ActorStaff {
		return nil
	}
	return t.registry.States()
}
