// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Retention is clauses 2.8 (10), 6.2.3 and 6.2.9 of the operating rules: records
// are kept for their period and end when they must.
type Retention struct {
	office
	policy Policy
	// erasing acts as the role of retention; its store is nil in processes that
	// only prepare and release.
	erasing  office
	eraser   Eraser
	archives ArchiveFolder
	online   time.Duration
}

// NewRetention returns the rules over a clock and a store.
func NewRetention(clock Clock, store Store, policy Policy) *Retention {
	return &Retention{office: office{clock, store}, policy: policy}
}

// Equip hands over what executes: the store as the role of retention, and the
// folder of archives with the time that a month of the audit log stays in the
// database. A nil folder archives nothing.
func (r *Retention) Equip(e Eraser, archives ArchiveFolder, online time.Duration) *Retention {
	r.eraser, r.archives, r.online = e, archives, max(online, OnlineMinimum)
	r.erasing = office{r.clock, e}
	return r
}

// Executes reports whether this process can erase.
func (r *Retention) Executes() bool { return r.eraser != nil }

// Actions of retention.
const (
	ActionHeld            Action = "retention.hold_set"
	ActionLifted          Action = "retention.hold_lifted"
	ActionErasurePrepared Action = "retention.prepared"
	ActionErasureReleased Action = "retention.released"
	ActionErased          Action = "retention.erased"
	ActionErasureFinished Action = "retention.finished"
	ActionSwept           Action = "retention.swept"
	ActionArchived        Action = "audit.archived"
	ActionArchiveDropped  Action = "audit.month_dropped"
	ActionBackedUp        Action = "database.backed_up"
	ActionRestored        Action = "database.restored"
)

// Codes of retention.
const (
	CodeKept        Code = "KEPT_BY_RULE"
	CodeHeld        Code = "KEPT_BY_HOLD"
	CodeRunWaiting  Code = "RUN_WAITING"
	CodeRunLapsed   Code = "RUN_LAPSED"
	CodeRunUnseen   Code = "RUN_NOT_PUT_FORWARD"
	CodeSamePerson  Code = "SAME_PERSON"
	CodeClockBack   Code = "CLOCK_SET_BACK"
	CodeUnknownHeld Code = "SUBJECT_UNKNOWN"
)

// Prefixes of IDs.
const (
	PrefixHold    = "hld_"
	PrefixRun     = "run_"
	PrefixArchive = "arc_"
	PrefixBackup  = "bak_"
)

// Hold keeps everything of a subject and of what is tied to it from erasure,
// until it is lifted.
type Hold struct {
	ID      string
	Subject SubjectRef
	// Ground is why, sealed; empty where the subject was erased since.
	Ground string
	SetBy  string
	SetAt  time.Time
	// LiftedAt is zero while the hold is open.
	LiftedBy   string
	LiftedAt   time.Time
	LiftGround string
}

// HoldInput is what staff say of a hold.
type HoldInput struct {
	Key     string `json:"-"`
	Subject string `json:"subject"`
	Ground  string `json:"ground"`
}

// maxGround bounds the ground of a hold, in characters.
const maxGround = 1000

func checkGround(ground string) Faults {
	var faults Faults
	switch {
	case ground == "":
		faults.Add(CodeGroundRequired, "ground")
	case utf8.RuneCountInString(ground) > maxGround:
		faults.Add(CodeTooLong, "ground", "bound", fmt.Sprint(maxGround))
	case !printable(ground, "\n\r\t"):
		faults.Add(CodeForbiddenCharacter, "ground")
	}
	return faults
}

// SetHold sets a legal hold on a party or a delegation. From its commit on no
// run erases anything of it, though one is under way.
func (r *Retention) SetHold(ctx context.Context, actor Actor, in HoldInput) (string, error) {
	if err := r.permit(ctx, actor, MayHold, ActionHeld); err != nil {
		return "", err
	}
	return r.perform(ctx, actor, ActionHeld, in.Key, in, func(ctx context.Context, a *act) (string, error) {
		faults := checkGround(in.Ground)
		ref, ok := ParseSubject(in.Subject)
		if !ok || ref.Kind == SubjectStaff {
			faults.Add(CodeUnknownHeld, "subject")
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		if err := r.lockTied(ctx, a.Tx, ref); err != nil {
			return "", err
		}
		hold := Hold{ID: NewID(PrefixHold), Subject: ref, Ground: in.Ground, SetBy: actor.ID, SetAt: a.now}
		a.subject = ref.ID
		a.note("hold", hold.ID)
		return hold.ID, a.InsertHold(ctx, hold)
	})
}

// lockTied locks a subject that is there and whatever is tied to it.
func (r *Retention) lockTied(ctx context.Context, tx Tx, ref SubjectRef) error {
	s, err := tx.RetainedSubject(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return Faults{newFault(CodeUnknownHeld, "subject")}
	}
	if err != nil {
		return fmt.Errorf("reading subject: %w", err)
	}
	if err := tx.LockSubjects(ctx, s.tied()...); err != nil {
		return fmt.Errorf("locking subject: %w", err)
	}
	if _, err = tx.RetainedSubject(ctx, ref); errors.Is(err, ErrNotFound) { // erased while we waited
		return Faults{newFault(CodeUnknownHeld, "subject")}
	}
	return err
}

// tied lists what is locked before a subject is held or erased: a delegation
// with its delegator.
func (s RetainedSubject) tied() []SubjectRef {
	if s.Kind == SubjectDelegation {
		return []SubjectRef{s.SubjectRef, {SubjectParty, s.PartyID}}
	}
	return []SubjectRef{s.SubjectRef}
}

// LiftHold ends a hold. What it kept past its period ends with the next run.
func (r *Retention) LiftHold(ctx context.Context, actor Actor, key, id, ground string) error {
	if err := r.permit(ctx, actor, MayHold, ActionLifted); err != nil {
		return err
	}
	_, err := r.perform(ctx, actor, ActionLifted, key, []string{id, ground}, func(ctx context.Context, a *act) (string, error) {
		if err := checkGround(ground).Err(); err != nil {
			return "", err
		}
		hold, err := a.Hold(ctx, id)
		if err != nil {
			return "", err
		}
		hold.LiftedBy, hold.LiftedAt, hold.LiftGround = actor.ID, a.now, ground
		a.subject = hold.Subject.ID
		a.note("hold", id)
		return id, a.LiftHold(ctx, hold)
	})
	return err
}

// Hold returns a hold to staff who may see.
func (r *Retention) Hold(ctx context.Context, actor Actor, id string) (Hold, error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return Hold{}, err
	}
	if !IsID(id, PrefixHold) {
		return Hold{}, ErrNotFound
	}
	return r.store.Hold(ctx, id)
}

// Holds lists holds, the newest first, to staff who may see.
func (r *Retention) Holds(ctx context.Context, actor Actor, p Page) (List[Hold], error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return List[Hold]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[Hold]{}, err
	}
	return r.store.Holds(ctx, p)
}
