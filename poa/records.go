// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Records is chapter 6 of the operating rules and whatever else is read: who
// sees what is decided here (design.md, rule 11). Missing and not-yours look
// the same: ErrNotFound.
type Records struct {
	office
	logOrigin string
	logKeys   []ed25519.PrivateKey
}

// NewRecords returns the rules over a clock and a store.
func NewRecords(clock Clock, store Store) *Records { return &Records{office: office{clock, store}} }

// seesAll reports whether staff see every party and delegation.
func seesAll(actor Actor) bool {
	return actor.May(MaySeeParties)
}

// signedIn wants any actor at all.
func signedIn(actor Actor) error {
	if actor.Kind == "" || actor.Kind == ActorAnonymous {
		return ErrUnauthenticated
	}
	return nil
}

// Delegation returns a delegation to its delegator, its delegate and staff. A
// recipient sees validity only, never the delegation.
func (r *Records) Delegation(ctx context.Context, actor Actor, text string) (Delegation, error) {
	if err := signedIn(actor); err != nil {
		return Delegation{}, err
	}
	id, ok := ParseDelegationID(text)
	if !ok {
		return Delegation{}, ErrNotFound
	}
	d, err := r.store.Delegation(ctx, id)
	if err != nil {
		return Delegation{}, err
	}
	if !sees(actor, d) {
		return Delegation{}, ErrNotFound
	}
	return d, nil
}

// sees reports whether a delegation is the actor's own or the actor sees all. A
// delegate sees it until the link is used up.
func sees(actor Actor, d Delegation) bool {
	return seesAll(actor) || actor.Kind == ActorDelegator && d.DelegatorID == actor.PartyID ||
		actor.Kind == ActorDelegate && d.ID == actor.DelegationID && !actor.LinkUsed
}

// Delegations lists the actor's own delegations, or all of them to staff.
func (r *Records) Delegations(ctx context.Context, actor Actor, f DelegationFilter, o Order, p Page) (List[Delegation], error) {
	if err := signedIn(actor); err != nil {
		return List[Delegation]{}, err
	}
	switch {
	case seesAll(actor):
	case actor.Kind == ActorDelegator && f.WatchedBy == "": // who watches is not the delegator's to ask
		if f.DelegatorID != "" && f.DelegatorID != actor.PartyID {
			return List[Delegation]{}, nil
		}
		f.DelegatorID = actor.PartyID
	default:
		return List[Delegation]{}, nil
	}
	if err := checkPage(p).Err(); err != nil {
		return List[Delegation]{}, err
	}
	f.Now = r.clock.Now()
	return r.store.Delegations(ctx, f, o, p)
}

func checkPage(p Page) Faults {
	var faults Faults
	for field, n := range map[string]int{"first": p.First, "last": p.Last} {
		if n < 0 || n > MaxPage {
			faults.Add(CodeTooMany, field, "bound", fmt.Sprint(MaxPage))
		}
	}
	if p.First > 0 && p.Last > 0 {
		faults.Add(CodeInvalid, "last")
	}
	return faults
}

// Details is what belongs to a delegation beside its own row.
type Details struct {
	Standing    Standing
	Facts       []Fact
	Checks      []Check
	Refusals    []Refusal
	Replacement DelegationID
	// Title is how fresh the confirmation of the delegate's title is, nil where
	// none stands.
	Title *QualificationStanding
}

// Details returns what belongs to a delegation that the actor was shown.
// Checks are for staff and the delegator; a delegate sees none.
func (r *Records) Details(ctx context.Context, actor Actor, d Delegation) (Details, error) {
	all, err := r.DetailsOf(ctx, actor, []Delegation{d})
	return all[d.ID], err
}

// DetailsOf returns what belongs to each delegation of a page that the actor
// was shown, in as many statements for a hundred as for one.
func (r *Records) DetailsOf(ctx context.Context, actor Actor, page []Delegation) (map[DelegationID]Details, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	ids := make([]DelegationID, len(page))
	for i, d := range page {
		if !sees(actor, d) {
			return nil, ErrNotFound
		}
		ids[i] = d.ID
	}
	all, err := r.store.DetailsOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading details: %w", err)
	}
	now := r.clock.Now()
	for _, d := range page {
		details := all[d.ID]
		details.Standing = Standing{Status: StatusUnknown}
		if len(details.Facts) > 0 {
			projection := Project(details.Facts, d.term())
			details.Standing = projection.StandingAt(now)
			if actor.Kind != ActorDelegate {
				details.Title = d.Contents.Delegate.Qualification.standing(projection.TitleAt(now))
			}
		}
		details.Checks = checksFor(actor, details.Checks)
		all[d.ID] = details
	}
	return all, nil
}

// checksFor leaves of the checks what the actor sees. A ground is reception's
// own words, for its own file.
func checksFor(actor Actor, checks []Check) []Check {
	if actor.Kind == ActorDelegate {
		return nil
	}
	if !seesAll(actor) {
		for i := range checks {
			checks[i].Note = ""
		}
	}
	return checks
}

// StandingOf returns how a delegation that the actor was shown stands now, by
// the one row that the hot read uses: lists call it for each of their rows.
func (r *Records) StandingOf(ctx context.Context, d Delegation) (Standing, error) {
	if d.State != StateAccepted {
		return Standing{Status: StatusUnknown}, nil
	}
	p, err := r.store.Projection(ctx, d.ID)
	if err != nil {
		return Standing{}, fmt.Errorf("reading projection: %w", err)
	}
	return p.StandingAt(r.clock.Now()), nil
}

// File returns a file of a delegation that the actor may see. The delegate's
// signed challenge is for staff alone.
func (r *Records) File(ctx context.Context, actor Actor, text string, kind FileKind) ([]byte, error) {
	d, err := r.Delegation(ctx, actor, text)
	if err != nil {
		return nil, err
	}
	if kind == FileCertificate && !seesAll(actor) {
		return nil, ErrNotFound
	}
	return r.store.File(ctx, d.ID, kind)
}

// HandedIn returns what the delegate's certificate said, to staff.
func (r *Records) HandedIn(ctx context.Context, actor Actor, id DelegationID) (HandedIn, error) {
	if !seesAll(actor) {
		return HandedIn{}, ErrNotFound
	}
	return r.store.HandedIn(ctx, id)
}

// Delegator returns a delegator to itself and to staff.
func (r *Records) Delegator(ctx context.Context, actor Actor, id string) (Delegator, error) {
	if err := signedIn(actor); err != nil {
		return Delegator{}, err
	}
	if !seesAll(actor) && (actor.Kind != ActorDelegator || actor.PartyID != id) {
		return Delegator{}, ErrNotFound
	}
	if !IsID(id, PrefixDelegator) {
		return Delegator{}, ErrNotFound
	}
	return r.store.Delegator(ctx, id)
}

// Recipient returns a recipient to itself and to staff.
func (r *Records) Recipient(ctx context.Context, actor Actor, id string) (Recipient, error) {
	if err := signedIn(actor); err != nil {
		return Recipient{}, err
	}
	if !seesAll(actor) && (actor.Kind != ActorRecipient || actor.PartyID != id) {
		return Recipient{}, ErrNotFound
	}
	if !IsID(id, PrefixRecipient) {
		return Recipient{}, ErrNotFound
	}
	return r.store.Recipient(ctx, id)
}

// partyFilter bounds a list of parties to what the actor may see.
func partyFilter(actor Actor, kind ActorKind, f PartyFilter) (PartyFilter, bool) {
	if seesAll(actor) {
		return f, true
	}
	f.IDs = []string{actor.PartyID}
	return f, actor.Kind == kind
}

// Delegators lists delegators: to staff all, to a delegator itself.
func (r *Records) Delegators(ctx context.Context, actor Actor, f PartyFilter, o Order, p Page) (List[Delegator], error) {
	if err := signedIn(actor); err != nil {
		return List[Delegator]{}, err
	}
	f, sees := partyFilter(actor, ActorDelegator, f)
	if err := checkPage(p).Err(); err != nil || !sees {
		return List[Delegator]{}, err
	}
	return r.store.Delegators(ctx, f, o, p)
}

// Recipients lists recipients: to staff all, to a recipient itself.
func (r *Records) Recipients(ctx context.Context, actor Actor, f PartyFilter, o Order, p Page) (List[Recipient], error) {
	if err := signedIn(actor); err != nil {
		return List[Recipient]{}, err
	}
	f, sees := partyFilter(actor, ActorRecipient, f)
	if err := checkPage(p).Err(); err != nil || !sees {
		return List[Recipient]{}, err
	}
	return r.store.Recipients(ctx, f, o, p)
}

// PartyRefusals returns why an application was refused, to the applicant and staff.
func (r *Records) PartyRefusals(ctx context.Context, actor Actor, partyID string) ([]Refusal, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	if !seesAll(actor) && (actor.PartyID == "" || actor.PartyID != partyID) || !IsID(partyID, PrefixDelegator) && !IsID(partyID, PrefixRecipient) {
		return nil, ErrNotFound
	}
	return r.store.PartyRefusals(ctx, partyID)
}

// Published lists the repository's documents, to anyone (2.5).
func (r *Records) Published(ctx context.Context) ([]Published, error) { return r.store.Published(ctx) }

// TermsInForce returns the version of the terms in force today, to anyone; the
// zero Published where none is.
func (r *Records) TermsInForce(ctx context.Context) (Published, error) {
	published, err := r.store.Published(ctx)
	return InForce(published, TermsOfUse, DateOf(r.clock.Now())), err
}

// Endpoints lists the webhook endpoints of the actor's party, without secrets.
func (r *Records) Endpoints(ctx context.Context, actor Actor) ([]Endpoint, error) {
	if actor.PartyID == "" {
		return nil, signedIn(actor)
	}
	endpoints, err := r.store.Endpoints(ctx, actor.PartyID)
	for i := range endpoints {
		endpoints[i] = endpoints[i].hidden()
	}
	return endpoints, err
}

// Endpoint returns one webhook endpoint of the actor's party, without secrets.
func (r *Records) Endpoint(ctx context.Context, actor Actor, id string) (Endpoint, error) {
	if err := signedIn(actor); err != nil {
		return Endpoint{}, err
	}
	if !IsID(id, PrefixEndpoint) {
		return Endpoint{}, ErrNotFound
	}
	e, err := r.store.Endpoint(ctx, id)
	if err != nil {
		return Endpoint{}, err
	}
	if actor.PartyID == "" || e.PartyID != actor.PartyID {
		return Endpoint{}, ErrNotFound
	}
	return e.hidden(), nil
}

// Deliveries lists the newest deliveries of an endpoint of the actor's party.
func (r *Records) Deliveries(ctx context.Context, actor Actor, endpointID string, limit int) ([]Delivery, error) {
	if _, err := r.Endpoint(ctx, actor, endpointID); err != nil {
		return nil, err
	}
	return r.store.Deliveries(ctx, endpointID, min(max(limit, 1), MaxPage))
}

// Watches lists what a recipient watches.
func (r *Records) Watches(ctx context.Context, actor Actor, limit int) ([]Watch, error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return nil, err
	}
	return r.store.Watches(ctx, actor.PartyID, min(max(limit, 1), MaxPage))
}

// storable reports whether a text can stand in PostgreSQL at all: one that
// cannot names nothing there.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
