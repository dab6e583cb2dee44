// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (f AuditFilter) faults() Faults {
	var faults Faults
	if !storable(f.SubjectID) || !storable(f.ActorID) || !storable(f.Outcome) || slices.ContainsFunc(f.Actions, func(a Action) bool { return !storable(string(a)) }) {
		faults.Add(CodeInvalid, "filter")
	}
	return faults
}

// note records what was asked for: the period, and whatever is an ID or a name
// of the closed lists. What else was typed is not kept.
func (f AuditFilter) note(a *act) {
	if !f.From.IsZero() {
		a.note("from", f.From.UTC().Format(time.RFC3339))
	}
	if !f.Until.IsZero() {
		a.note("until", f.Until.UTC().Format(time.RFC3339))
	}
	for name, id := range map[string]string{"subject": f.SubjectID, "actor": f.ActorID} {
		_, delegation := ParseDelegationID(id)
		if prefix, _, found := strings.Cut(id, "_"); delegation || found && IsID(id, prefix+"_") {
			a.note(name, id)
		}
	}
}

// AuditEvents lists audit events to the auditor and the manager, newest first
// (6.2.4). The reading is itself recorded (6.2.1).
func (r *Records) AuditEvents(ctx context.Context, actor Actor, f AuditFilter, p Page) (List[AuditEvent], error) {
	if err := r.permit(ctx, actor, MayReadAudit, ActionAuditRead); err != nil {
		return List[AuditEvent]{}, err
	}
	if err := append(checkPage(p), f.faults()...).Err(); err != nil {
		return List[AuditEvent]{}, err
	}
	if err := r.noteReading(ctx, actor, f); err != nil {
		return List[AuditEvent]{}, err
	}
	return r.store.AuditEvents(ctx, f, p)
}

func (r *Records) noteReading(ctx context.Context, actor Actor, f AuditFilter) error {
	_, err := r.perform(ctx, actor, ActionAuditRead, "", nil, func(_ context.Context, a *act) (string, error) {
		f.note(a)
		return "audit", nil
	})
	return err
}

// AuditEvent returns one event with its leaf hash; the reading is itself
// recorded.
func (r *Records) AuditEvent(ctx context.Context, actor Actor, id string) (AuditEvent, error) {
	if err := r.permit(ctx, actor, MayReadAudit, ActionAuditRead); err != nil {
		return AuditEvent{}, err
	}
	if !IsID(id, PrefixEvent) {
		return AuditEvent{}, ErrNotFound
	}
	if err := r.noteReading(ctx, actor, AuditFilter{SubjectID: id}); err != nil {
		return AuditEvent{}, err
	}
	return r.store.AuditEvent(ctx, id)
}

// ExportAudit hands every event of a period of at most 31 days on, oldest
// first, in batches (7.2.1: the auditor extracts). The export is itself
// recorded before its first line leaves.
func (r *Records) ExportAudit(ctx context.Context, actor Actor, f AuditFilter, each func([]AuditEvent) error) error {
	if err := r.permit(ctx, actor, MayExportAudit, ActionAuditExported); err != nil {
		return err
	}
	_, err := r.perform(ctx, actor, ActionAuditExported, "", nil, func(_ context.Context, a *act) (string, error) {
		if err := append(f.faults(), checkPeriod(f.From, f.Until)...).Err(); err != nil {
			return "", err
		}
		f.note(a)
		return "audit", nil
	})
	if err != nil {
		return err
	}
	if err := r.store.EachAuditEvent(ctx, f, each); err != nil {
		return fmt.Errorf("exporting audit events: %w", err)
	}
	return nil
}
