// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// RunKind tells where a run of erasure comes from.
type RunKind string

// Kinds of runs.
const (
	RunPeriodic RunKind = "PERIODIC" // prepared by the program
	RunPrepared RunKind = "PREPARED" // prepared by the manager
	RunRequest  RunKind = "REQUEST"  // a person asked to be erased (2.8)
)

// RunState is where a run stands.
type RunState string

// States of runs.
const (
	RunWaiting  RunState = "WAITING" // a dry run: nothing was erased
	RunLapsed   RunState = "LAPSED"  // nobody released it in time
	RunReleased RunState = "RELEASED"
	RunFinished RunState = "FINISHED"
)

// runLapses is after how long a run that nobody released is over (ours): what it
// lists has then been looked at too long ago.
const runLapses = 30 * 24 * time.Hour

// maxRunItems bounds a run; the next one takes the rest.
const maxRunItems = 20_000

// Run is one run of erasure: prepared, released by another person, executed.
type Run struct {
	ID         string
	Kind       RunKind
	PreparedBy string
	PreparedAt time.Time
	Items      int
	ReleasedBy string
	ReleasedAt time.Time
	FinishedAt time.Time
}

// unseen reports whether the program listed the run and no person put it
// forward.
func (r Run) unseen() bool { return r.PreparedBy == System.ID }

// StateAt returns where the run stands.
func (r Run) StateAt(now time.Time) RunState {
	switch {
	case !r.FinishedAt.IsZero():
		return RunFinished
	case !r.ReleasedAt.IsZero():
		return RunReleased
	case !now.Before(r.PreparedAt.Add(runLapses)):
		return RunLapsed
	default:
		return RunWaiting
	}
}

// ItemOutcome is what a run did about a subject.
type ItemOutcome string

// Outcomes.
const (
	ItemErased  ItemOutcome = "ERASED"
	ItemHeld    ItemOutcome = "HELD"     // a hold keeps it
	ItemNotOver ItemOutcome = "NOT_OVER" // its period is not over any more
	ItemGone    ItemOutcome = "GONE"     // another run erased it
	ItemAway    ItemOutcome = "AWAY"     // its archive's medium is not there: left for a later run
)

// RunItem is one subject of a run.
type RunItem struct {
	RunID   string
	Ordinal int
	Rule    RecordKind
	Subject SubjectRef
	// OverAt is when its period was over.
	OverAt    time.Time
	Outcome   ItemOutcome
	DecidedAt time.Time
	DoneAt    time.Time
}

// RunCount says how many items of a rule have an outcome, "" while undecided.
type RunCount struct {
	Rule    RecordKind
	Outcome ItemOutcome
	Count   int
}

// PrepareErasure lists the subjects whose period is over: a dry run, by IDs and
// counts alone. It waits for the release. Only one run waits or is under way at
// a time, those that persons asked for aside. A run that the program listed by
// itself is put forward by the manager's calling this: two roles look at it.
func (r *Retention) PrepareErasure(ctx context.Context, actor Actor, key string) (string, error) {
	kind := RunPeriodic
	if actor.Kind != ActorSystem {
		if err := r.permit(ctx, actor, MayPrepareErasure, ActionErasurePrepared); err != nil {
			return "", err
		}
		kind = RunPrepared
	}
	items, err := r.due(ctx)
	if err != nil {
		return "", err
	}
	return r.perform(ctx, actor, ActionErasurePrepared, key, nil, func(ctx context.Context, a *act) (string, error) {
		if err := a.LockSubjects(ctx, SubjectRef{"RUN", "prepare"}); err != nil {
			return "", err
		}
		open, err := a.OpenRuns(ctx)
		if err != nil {
			return "", fmt.Errorf("reading runs: %w", err)
		}
		for _, run := range open {
			state := run.StateAt(a.now)
			if run.unseen() && state == RunWaiting && actor.Kind != ActorSystem {
				a.subject = run.ID
				return run.ID, a.AdoptRun(ctx, run.ID, actor.ID)
			}
			if run.Kind != RunRequest && (state == RunWaiting || state == RunReleased) {
				return "", Faults{newFault(CodeRunWaiting, "")}
			}
		}
		run := Run{ID: NewID(PrefixRun), Kind: kind, PreparedBy: actor.ID, PreparedAt: a.now, Items: len(items)}
		a.note("items", fmt.Sprint(len(items)))
		return run.ID, a.InsertRun(ctx, run, items)
	})
}

// prepareEvery is how often a run is prepared by itself (ours).
const prepareEvery = 30 * 24 * time.Hour

// PreparePeriodically prepares a run where something is over, none is open and
// the last one is a month old.
func (r *Retention) PreparePeriodically(ctx context.Context) error {
	recent, err := r.preparedRecently(ctx)
	if err != nil || recent {
		return err
	}
	items, err := r.due(ctx)
	if err != nil || len(items) == 0 {
		return err
	}
	_, err = r.PrepareErasure(ctx, System, "")
	var faults Faults
	if errors.As(err, &faults) && faults[0].Code == CodeRunWaiting {
		return nil
	}
	return err
}

// preparedRecently reports whether a run was prepared in the last month. Those
// that persons asked for do not count: they would put off everybody else's end.
func (r *Retention) preparedRecently(ctx context.Context) (bool, error) {
	since := r.clock.Now().Add(-prepareEvery)
	for page := (Page{First: MaxPage, CountTo: 1}); ; {
		runs, err := r.store.Runs(ctx, page)
		if err != nil {
			return false, fmt.Errorf("reading runs: %w", err)
		}
		for _, run := range runs.Items {
			if !run.PreparedAt.After(since) {
				return false, nil
			}
			if run.Kind != RunRequest {
				return true, nil
			}
		}
		if !runs.HasNext {
			return false, nil
		}
		page.After = runs.Cursors[len(runs.Cursors)-1]
	}
}

// dueBatch is how many subjects are read at once.
const dueBatch = 1000

// due lists what is over now and not held, delegations before their delegators.
func (r *Retention) due(ctx context.Context) ([]RunItem, error) {
	now := r.clock.Now()
	var items []RunItem
	ending := map[string]int{} // delegations of a delegator that end in this run
	for _, kind := range SubjectKinds {
		for after := ""; len(items) < maxRunItems; {
			subjects, err := r.store.RetainedSubjects(ctx, kind, after, dueBatch)
			if err != nil {
				return nil, fmt.Errorf("reading subjects: %w", err)
			}
			for _, s := range subjects {
				after = s.ID
				if kind == SubjectParty {
					s.Delegations -= ending[s.ID]
				}
				item, err := r.itemOf(ctx, s, now)
				if err != nil {
					return nil, err
				}
				if item == nil || len(items) == maxRunItems {
					continue
				}
				item.Ordinal = len(items) + 1
				items = append(items, *item)
				ending[s.PartyID]++
			}
			if len(subjects) < dueBatch {
				break
			}
		}
	}
	return items, nil
}

// itemOf returns the item of a subject that is over, or nil. What is held waits
// for its lift: it is not listed.
func (r *Retention) itemOf(ctx context.Context, s RetainedSubject, now time.Time) (*RunItem, error) {
	if !s.IsOver(now) {
		return nil, nil
	}
	held, err := r.store.IsHeld(ctx, s.SubjectRef)
	if err != nil || held {
		return nil, err
	}
	rule, over := s.Over()
	return &RunItem{Rule: rule.Kind, Subject: s.SubjectRef, OverAt: over}, nil
}

// ReleaseErasure releases a run: another person than the one who prepared it,
// who has read the report. The run then begins by itself.
func (r *Retention) ReleaseErasure(ctx context.Context, actor Actor, key, id string) error {
	if err := r.permit(ctx, actor, MayReleaseErasure, ActionErasureReleased); err != nil {
		return err
	}
	_, err := r.perform(ctx, actor, ActionErasureReleased, key, id, func(ctx context.Context, a *act) (string, error) {
		run, err := a.Run(ctx, id)
		if err != nil {
			return "", err
		}
		if err := checkRelease(run, actor, a.now); err != nil {
			return "", err
		}
		if err := a.ReleaseRun(ctx, id, actor.ID, a.now); err != nil {
			return "", fmt.Errorf("releasing run: %w", err)
		}
		return id, a.Enqueue(ctx, Erase{RunID: id}, time.Time{})
	})
	return err
}

func checkRelease(run Run, actor Actor, now time.Time) error {
	switch {
	case now.Before(run.PreparedAt):
		return Faults{newFault(CodeClockBack, "", "at", run.PreparedAt.In(JST).Format(time.RFC3339))}
	case run.StateAt(now) == RunLapsed:
		return Faults{newFault(CodeRunLapsed, "")}
	case run.StateAt(now) != RunWaiting:
		return ErrConflict
	case run.unseen():
		return Faults{newFault(CodeRunUnseen, "")}
	case run.PreparedBy == actor.ID:
		return Faults{newFault(CodeSamePerson, "")}
	default:
		return nil
	}
}

// Run returns a run with its counts to staff who may see.
func (r *Retention) Run(ctx context.Context, actor Actor, id string) (Run, []RunCount, error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return Run{}, nil, err
	}
	if !IsID(id, PrefixRun) {
		return Run{}, nil, ErrNotFound
	}
	run, err := r.store.Run(ctx, id)
	if err != nil {
		return Run{}, nil, err
	}
	counts, err := r.store.RunCounts(ctx, id)
	return run, counts, err
}

// Runs lists runs, the newest first, to staff who may see.
func (r *Retention) Runs(ctx context.Context, actor Actor, p Page) (List[Run], error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return List[Run]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[Run]{}, err
	}
	return r.store.Runs(ctx, p)
}

// RunItems lists items of a run after an ordinal to staff who may see.
func (r *Retention) RunItems(ctx context.Context, actor Actor, id string, after, limit int) ([]RunItem, error) {
	if err := r.permit(ctx, actor, MaySeeRetention, ActionRetentionRead); err != nil {
		return nil, err
	}
	if !IsID(id, PrefixRun) {
		return nil, ErrNotFound
	}
	return r.store.RunItems(ctx, id, after, min(max(limit, 1), dueBatch))
}
