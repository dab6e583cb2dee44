// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/poa"
)

// Erase destroys a subject's data key, after recording it in the list that a
// restored key store replays, and removes the subject's search hashes.
func (d *DB) Erase(ctx context.Context, s Subject, at time.Time) error {
	err := d.InTx(ctx, func(ctx context.Context, t poa.Tx) error {
		q := t.(*tx).q
		_, err := q.NewRaw("INSERT INTO destroyed_keys (class, subject_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", string(s.Class), s.ID, at.UTC()).Exec(ctx)
		if err != nil {
			return failed(err, "recording a destroyed key")
		}
		_, err = q.NewDelete().Model((*gramRow)(nil)).Where("subject_id = ?", s.ID).Exec(ctx)
		return failed(err, "deleting search hashes")
	})
	if err != nil {
		return err
	}
	return d.seal.Destroy(ctx, s)
}

// ReplayDestroyed destroys again every key that was ever destroyed: a backup of
// the key store may have brought some back. It returns how many there are.
func (d *DB) ReplayDestroyed(ctx context.Context) (int, error) {
	keys, err := d.DestroyedKeys(ctx)
	if err != nil {
		return 0, err
	}
	if err := d.DestroyListed(ctx, keys); err != nil {
		return 0, fmt.Errorf("replaying destroyed keys: %w", err)
	}
	return len(keys), nil
}

// DestroyedInKeyStore counts the keys that the key store knows to be destroyed:
// more than the data does means that the data was restored.
func (d *DB) DestroyedInKeyStore(ctx context.Context) (int, error) {
	n, err := d.seal.store.Destroyed(ctx)
	if err != nil {
		return 0, fmt.Errorf("counting destroyed keys: %w", err)
	}
	return n, nil
}

// Reconcile brings restored data up to date: whatever the lists, the key store
// or the data itself knows to be destroyed is destroyed again, and its rows go.
// It needs the role of retention. It returns how many subjects the restored data
// did not know of.
func (d *DB) Reconcile(ctx context.Context, lists []poa.DestroyedKey) (int, error) {
	known, err := d.DestroyedKeys(ctx)
	if err != nil {
		return 0, err
	}
	if err := d.DestroyListed(ctx, slices.Concat(lists, known)); err != nil {
		return 0, fmt.Errorf("replaying destroyed keys: %w", err)
	}
	if err := d.keepLists(ctx, lists); err != nil {
		return 0, err
	}
	again := 0
	for _, kind := range []poa.SubjectKind{poa.SubjectDelegation, poa.SubjectParty, poa.SubjectStaff} {
		n, err := d.reconcileKind(ctx, kind)
		if again += n; err != nil {
			return again, err
		}
	}
	return again, nil
}

// keepLists adds what the data does not know to the list and deletes the rows.
func (d *DB) keepLists(ctx context.Context, lists []poa.DestroyedKey) error {
	for _, key := range lists {
		_, err := d.q.NewRaw("INSERT INTO destroyed_keys (class, subject_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key.Class, key.ID, key.At.UTC()).Exec(ctx)
		if err != nil {
			return failed(err, "recording a destroyed key")
		}
		for _, kind := range kindsOf(Class(key.Class)) {
			ref := poa.SubjectRef{Kind: kind, ID: key.ID}
			err := d.InTx(ctx, func(ctx context.Context, t poa.Tx) error { _, err := t.EraseRows(ctx, ref, key.At); return err })
			if err != nil {
				return fmt.Errorf("erasing again: %w", err)
			}
		}
	}
	return nil
}

// kindsOf lists what a data key of a class may belong to.
func kindsOf(c Class) []poa.SubjectKind {
	switch c {
	case ClassDelegation:
		return []poa.SubjectKind{poa.SubjectDelegation}
	case ClassAccount:
		return []poa.SubjectKind{poa.SubjectParty, poa.SubjectStaff}
	case ClassAudit, ClassSession:
	}
	return nil
}

// reconcileKind asks the key store about every subject of a kind that the data
// does not know to be erased.
func (d *DB) reconcileKind(ctx context.Context, kind poa.SubjectKind) (int, error) {
	again := 0
	for after := ""; ; {
		subjects, err := d.RetainedSubjects(ctx, kind, after, insertBatch)
		if err != nil {
			return again, err
		}
		for _, s := range subjects {
			after = s.ID
			_, err := d.seal.store.Get(ctx, subjectKey(s.SubjectRef))
			if err == nil || errors.Is(err, errNoKey) {
				continue
			}
			if !errors.Is(err, ErrErased) {
				return again, fmt.Errorf("asking the key store: %w", err)
			}
			err = d.InTx(ctx, func(ctx context.Context, t poa.Tx) error {
				_, err := t.EraseRows(ctx, s.SubjectRef, d.clock.Now())
				return err
			})
			if err != nil {
				return again, fmt.Errorf("erasing again: %w", err)
			}
			again++
		}
		if len(subjects) < insertBatch {
			return again, nil
		}
	}
}
