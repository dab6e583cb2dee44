// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Erase executes a run that was released.
type Erase struct {
	RunID string `json:"runId"`
}

// Kind names the job.
func (Erase) Kind() string { return "erase" }

// PrepareErasure prepares a run of erasure where something is over.
type PrepareErasure struct{}

// Kind names the job.
func (PrepareErasure) Kind() string { return "prepare_erasure" }

// SweepTraces deletes short-lived rows whose period is over and goes on with
// runs that were cut off.
type SweepTraces struct{}

// Kind names the job.
func (SweepTraces) Kind() string { return "sweep_traces" }

// ErrNoEraser is returned where the process has no login of retention.
var ErrNoEraser = &Error{Code: CodeUnavailable, Cause: errors.New("this process has no --retention-database-url")}

// eraseBatch is how many subjects one call of Erase takes.
const eraseBatch = 50

// Erase executes a batch of a released run and returns how many subjects it
// took; call it until it returns 0. It may be cut off at any point and called
// again, and by several at once: each subject is decided once, under its lock,
// by how it stands then.
func (r *Retention) Erase(ctx context.Context, runID string) (int, error) {
	if r.eraser == nil {
		return 0, ErrNoEraser
	}
	run, err := r.eraser.Run(ctx, runID)
	if err != nil {
		return 0, fmt.Errorf("reading run: %w", err)
	}
	if run.ReleasedAt.IsZero() || !run.FinishedAt.IsZero() {
		return 0, nil
	}
	if now := r.clock.Now(); now.Before(run.PreparedAt) || now.Before(run.ReleasedAt) {
		return 0, &Error{Code: CodeClockBack, Cause: fmt.Errorf("run %s was prepared under a later clock (%s) than now (%s): nothing is erased until the clock is right",
			runID, later(run.PreparedAt, run.ReleasedAt).Format(time.RFC3339), now.Format(time.RFC3339))}
	}
	for n := range eraseBatch {
		did, err := r.eraseNext(ctx, run)
		if err != nil {
			return n, err
		}
		if !did {
			return n, r.finish(ctx, run)
		}
	}
	return eraseBatch, nil
}

// eraseNext decides the next item and makes its key or file go. The order is
// safe against being cut off: first the list of destroyed keys, the rows and
// the outcome in one transaction, then the key, then the mark that all is done.
// An archive's file goes within the transaction: where it cannot, because its
// medium is away, the item is left for a later run and this one goes on.
func (r *Retention) eraseNext(ctx context.Context, run Run) (bool, error) {
	var item RunItem
	err := r.asSystem(ctx, ActionErased, func(ctx context.Context, a *act) (bool, error) {
		var err error
		if item, err = a.NextItem(ctx, run.ID); err != nil || item.Outcome != "" {
			return false, err
		}
		a.subject = item.Subject.ID
		a.note("run", run.ID)
		a.note("rule", string(item.Rule))
		err = r.decide(ctx, a, &item, run.Kind == RunRequest)
		a.note("outcome", string(item.Outcome))
		return true, err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("erasing: %w", err)
	}
	if item.Outcome == ItemErased && item.Subject.Kind != SubjectArchive {
		if err := r.eraser.DestroyKey(ctx, item.Subject); err != nil {
			return false, fmt.Errorf("erasing %s: %w", item.Subject.ID, err)
		}
	}
	item.DoneAt = later(item.DecidedAt, r.clock.Now())
	err = r.eraser.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.FinishItem(ctx, item) })
	if errors.Is(err, ErrConflict) { // another process came first
		err = nil
	}
	return true, err
}

// asSystem runs an act as the role of retention. It is audited where it reports
// that it did something; finding nothing to do is no refusal.
func (r *Retention) asSystem(ctx context.Context, action Action, do func(context.Context, *act) (bool, error)) error {
	return r.eraser.InTx(ctx, func(ctx context.Context, tx Tx) error {
		a := &act{Tx: tx, actor: System, now: r.clock.Now(), eventID: NewID(PrefixEvent)}
		did, err := do(ctx, a)
		if err != nil || !did {
			return err
		}
		if err := tx.Audit(ctx, a.event(action, OutcomeDone)); err != nil {
			return fmt.Errorf("auditing %s: %w", action, err)
		}
		return nil
	})
}

// decide looks at the subject anew, under its lock: still there, still over, not
// held. Where it is, the rows go and the key stands in the list of destroyed ones.
func (r *Retention) decide(ctx context.Context, a *act, item *RunItem, asked bool) error {
	outcome, err := r.outcome(ctx, a, *item, asked)
	if err != nil {
		return err
	}
	if outcome == ItemErased && item.Subject.Kind == SubjectArchive {
		if err := r.removeArchive(ctx, item.Subject.ID); err != nil {
			outcome = ItemAway
		}
	}
	item.Outcome, item.DecidedAt = outcome, a.now
	if outcome == ItemErased {
		rows, err := a.EraseRows(ctx, item.Subject, a.now)
		if err != nil {
			return fmt.Errorf("deleting rows of %s: %w", item.Subject.ID, err)
		}
		a.note("rows", fmt.Sprint(rows))
	}
	return a.DecideItem(ctx, *item)
}

func (r *Retention) outcome(ctx context.Context, a *act, item RunItem, asked bool) (ItemOutcome, error) {
	s, err := a.RetainedSubject(ctx, item.Subject)
	if errors.Is(err, ErrNotFound) {
		return ItemGone, nil
	}
	if err != nil {
		return "", err
	}
	if err := a.LockSubjects(ctx, s.tied()...); err != nil {
		return "", err
	}
	if s, err = a.RetainedSubject(ctx, item.Subject); errors.Is(err, ErrNotFound) {
		return ItemGone, nil
	} else if err != nil {
		return "", err
	}
	held, err := a.IsHeld(ctx, item.Subject)
	switch {
	case err != nil:
		return "", err
	case held:
		return ItemHeld, nil
	case s.IsOver(a.now), asked && s.mayGoEarly():
		return ItemErased, nil
	default:
		return ItemNotOver, nil
	}
}

// removeArchive destroys an archive's file; one that is gone already is none.
func (r *Retention) removeArchive(ctx context.Context, id string) error {
	if r.archives == nil {
		return &Error{Code: CodeUnavailable, Cause: errors.New("this process has no --archive-dir")}
	}
	archives, err := r.eraser.Archives(ctx)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if archive.ID == id {
			if err := r.archives.Ready(false); err != nil {
				return err
			}
			return r.archives.Remove(archive.Location)
		}
	}
	return nil
}

// finish ends a run whose items are all done, and brings the list of destroyed
// keys beside the archives up to date.
func (r *Retention) finish(ctx context.Context, run Run) error {
	err := r.asSystem(ctx, ActionErasureFinished, func(ctx context.Context, a *act) (bool, error) {
		a.subject = run.ID
		return true, a.FinishRun(ctx, run.ID, a.now)
	})
	if errors.Is(err, ErrConflict) { // another process has the last items in hand, or finished it
		return nil
	}
	if err != nil {
		return fmt.Errorf("finishing run: %w", err)
	}
	return r.keepDestroyed(ctx)
}

// keepDestroyed copies the list of destroyed keys to where the archives are: a
// backup that is older than an erasure has none of it.
func (r *Retention) keepDestroyed(ctx context.Context) error {
	if r.archives == nil {
		return nil
	}
	keys, err := r.eraser.DestroyedKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading destroyed keys: %w", err)
	}
	if err := r.archives.KeepDestroyed(keys); err != nil {
		return fmt.Errorf("copying the list of destroyed keys: %w", err)
	}
	return nil
}

// mayGoEarly reports whether no clause keeps the subject: only a period of ours
// runs, which a person's own request ends.
func (s RetainedSubject) mayGoEarly() bool {
	rule, start := s.starts()
	return rule.Ground == GroundOurs && !start.IsZero() && s.Delegations == 0
}

// EraseOnRequest prepares the early erasure of a single subject because the
// person asked (2.8), only where no rule and no hold keeps it; KEPT_BY_RULE or
// KEPT_BY_HOLD otherwise. The run waits for the owner's release, as any other:
// nobody erases alone.
func (r *Retention) EraseOnRequest(ctx context.Context, actor Actor, key, subject string) (string, error) {
	if err := r.permit(ctx, actor, MayPrepareErasure, ActionErasurePrepared); err != nil {
		return "", err
	}
	return r.perform(ctx, actor, ActionErasurePrepared, key, subject, func(ctx context.Context, a *act) (string, error) {
		ref, ok := ParseSubject(subject)
		if !ok {
			return "", Faults{newFault(CodeUnknownHeld, "subject")}
		}
		if err := r.lockTied(ctx, a.Tx, ref); err != nil {
			return "", err
		}
		s, err := a.RetainedSubject(ctx, ref)
		if err != nil {
			return "", err
		}
		rule, over := s.Over()
		held, err := a.IsHeld(ctx, ref)
		switch {
		case err != nil:
			return "", err
		case held:
			return "", Faults{newFault(CodeHeld, "subject")}
		case !s.IsOver(a.now) && !s.mayGoEarly():
			return "", Faults{newFault(CodeKept, "subject", "rule", string(rule.Kind))}
		}
		run := Run{ID: NewID(PrefixRun), Kind: RunRequest, PreparedBy: actor.ID, PreparedAt: a.now, Items: 1}
		item := RunItem{Ordinal: 1, Rule: rule.Kind, Subject: ref, OverAt: over}
		a.note("subject", ref.ID)
		return run.ID, a.InsertRun(ctx, run, []RunItem{item})
	})
}

// sweepBatch is how many rows one transaction of a sweep deletes.
const sweepBatch = 1000

// Sweep deletes the short-lived rows whose period is over, table by table, and
// returns how many went. Rows that a hold keeps stay.
func (r *Retention) Sweep(ctx context.Context) (int, error) {
	if r.eraser == nil {
		return 0, ErrNoEraser
	}
	total := 0
	for _, table := range retainedTables {
		rule := ruleOf(table.Kind)
		if table.Age == "" || rule.End != EndDelete {
			continue
		}
		for {
			n, err := r.sweepBatch(ctx, table, rule)
			if err != nil {
				return total, fmt.Errorf("sweeping %s: %w", table.Table, err)
			}
			total += n
			if n < sweepBatch {
				break
			}
		}
	}
	if total == 0 {
		return 0, nil
	}
	_, err := r.erasing.perform(ctx, System, ActionSwept, "", nil, func(_ context.Context, a *act) (string, error) {
		a.note("rows", fmt.Sprint(total))
		return "traces", nil
	})
	return total, err
}

// sweepBatch deletes a batch of rows, and then the keys that sealed them alone.
// Where it is cut off between the two, the next start replays the list.
func (r *Retention) sweepBatch(ctx context.Context, table RetainedTable, rule RetentionRule) (int, error) {
	var n int
	var keys []DestroyedKey
	now := r.clock.Now()
	err := r.eraser.InTx(ctx, func(ctx context.Context, tx Tx) (err error) {
		n, keys, err = tx.SweepRows(ctx, table, rule.Period.before(now), now, sweepBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, r.eraser.DestroyListed(ctx, keys)
}

// Resume goes on with released runs that were cut off.
func (r *Retention) Resume(ctx context.Context) error {
	if r.eraser == nil {
		return ErrNoEraser
	}
	open, err := r.eraser.OpenRuns(ctx)
	if err != nil {
		return fmt.Errorf("reading runs: %w", err)
	}
	for _, run := range open {
		for run.ReleasedAt != (time.Time{}) {
			n, err := r.Erase(ctx, run.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}
