// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// accessSentinels writes what of who comes in is personal.
func accessSentinels(ctx context.Context, tx poa.Tx, a poa.Account) error {
	a.TOTPSecret, a.TOTPSince = sentinels[5], a.CreatedAt
	invited := poa.Invitation{ID: poa.NewID(poa.PrefixInvitation), PartyID: a.PartyID, Hash: [32]byte{7}, Email: sentinels[4], Member: poa.MemberReader, Language: "ja", InvitedBy: a.ID,
		CreatedAt: a.CreatedAt, ExpiresAt: a.CreatedAt.Add(time.Hour)}
	session := poa.Session{ID: poa.NewID(poa.PrefixSession), AccountID: a.ID, PartyID: a.PartyID, Hash: [32]byte{8}, Agent: sentinels[1], BeganAt: a.CreatedAt, SeenAt: a.CreatedAt, ExpiresAt: a.CreatedAt.Add(time.Hour)}
	bucket := poa.Bucket{Step: poa.StepPassword, Subject: sentinels[4]}
	_, err := tx.LockAttempts(ctx, bucket)
	return errors.Join(err, tx.SetTOTP(ctx, a), tx.InsertInvitation(ctx, invited), tx.InsertSession(ctx, session),
		tx.InsertPasskey(ctx, poa.Passkey{ID: poa.NewID(poa.PrefixPasskey), AccountID: a.ID, PartyID: a.PartyID, Name: sentinels[1], CredentialID: []byte(sentinels[0]), Record: []byte(sentinels[2]), CreatedAt: a.CreatedAt}),
		tx.ReplaceRecoveryCodes(ctx, a.ID, []string{sentinels[3]}, a.CreatedAt),
		tx.InsertPasswordRequest(ctx, poa.PasswordRequest{ID: poa.NewID(poa.PrefixPasswordRequest), Email: sentinels[4], Language: "ja", CreatedAt: a.CreatedAt}))
}

// TestPasskeysCount holds counters: one that counts grows, one that does not stays.
func TestPasskeysCount(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p := sampleParty(poa.PartyRecipient, "R-1", d.Clock.Now())
	a := sampleAccount(p, "a@example.jp")
	key := poa.Passkey{ID: poa.NewID(poa.PrefixPasskey), AccountID: a.ID, PartyID: p.ID, Name: "鍵", CredentialID: []byte{1}, Record: []byte("{}"), CreatedAt: d.Clock.Now()}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertParty(ctx, p), tx.InsertAccount(ctx, a), tx.InsertPasskey(ctx, key))
	})
	use := func(count uint32) error {
		key.SignCount = count
		return d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.UsePasskey(ctx, key, d.Clock.Now()) })
	}
	for _, step := range []struct {
		count uint32
		taken bool
	}{{0, true}, {0, true}, {3, true}, {3, false}, {2, false}, {0, false}, {4, true}} {
		if err := use(step.count); (err == nil) != step.taken || err != nil && !errors.Is(err, poa.ErrConflict) {
			t.Errorf("counter %d: %v", step.count, err)
		}
	}
	again := key
	again.ID = poa.NewID(poa.PrefixPasskey)
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.InsertPasskey(ctx, again) })
	if poa.CodeOf(err) != poa.CodeConflict {
		t.Errorf("the same credential again: %v", err)
	}
	found, err := d.DB.Passkeys(t.Context(), a.ID)
	if err != nil || len(found) != 1 || found[0].Name != "鍵" || found[0].SignCount != 4 {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestEndedSessionsStayEnded: a request that was under way when its session was ended
// writes its data back, but not whose it is.
func TestEndedSessionsStayEnded(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p := sampleParty(poa.PartyRecipient, "R-1", d.Clock.Now())
	a := sampleAccount(p, "a@example.jp")
	s := poa.Session{ID: poa.NewID(poa.PrefixSession), AccountID: a.ID, PartyID: p.ID, Hash: sha256.Sum256([]byte("token")), Agent: "Firefox", BeganAt: d.Clock.Now(), SeenAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertParty(ctx, p), tx.InsertAccount(ctx, a), tx.InsertSession(ctx, s))
	})
	commit := func() {
		t.Helper()
		if err := d.DB.Sessions().CommitCtx(t.Context(), "token", []byte("data"), s.ExpiresAt); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, err := d.DB.Sessions().FindCtx(t.Context(), "token"); err != nil || found {
		t.Errorf("begun and not committed: %v, %v", found, err)
	}
	commit()
	if actor, err := d.DB.ActorBySession(t.Context(), s.Hash, d.Clock.Now()); err != nil || actor.ID != a.ID || actor.SessionID != s.ID {
		t.Errorf("%+v, %v", actor, err)
	}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		n, err := tx.EndSessions(ctx, a.ID, "")
		if n != 1 {
			t.Errorf("%d ended", n)
		}
		return err
	})
	commit()
	if _, err := d.DB.ActorBySession(t.Context(), s.Hash, d.Clock.Now()); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("it came back: %v", err)
	}
}

// TestAttemptForgivenMeanwhile tries while the success of another request forgives
// what was tried: the attempt waits for it and is counted anew.
func TestAttemptForgivenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bucket, waiting := poa.Bucket{Step: poa.StepPassword, Subject: "a@example.jp"}, w.away(t)
	try := func() (was poa.Attempts, err error) {
		err = w.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			was, err = tx.LockAttempts(ctx, bucket)
			return errors.Join(err, tx.SetAttempts(ctx, bucket, poa.Attempts{Failures: was.Failures + 1, LastAt: w.Clock.Now(), Until: w.Clock.Now()}))
		})
		return was, err
	}
	if _, err := try(); err != nil {
		t.Fatal(err)
	}
	if was, err := try(); err != nil || was.Failures != 1 || !was.LastAt.Equal(w.Clock.Now()) {
		t.Fatalf("the second attempt found %+v, %v", was, err)
	}
	tried := make(chan error, 1)
	inTx(t, w.DB, func(ctx context.Context, tx poa.Tx) error {
		if _, err := tx.LockAttempts(ctx, bucket); err != nil {
			return err
		}
		go func() {
			was, err := try()
			if was.Failures != 0 {
				err = errors.Join(err, errors.New("what was forgiven counts"))
			}
			tried <- err
		}()
		until(t, "the attempt", waiting)
		return tx.ForgiveAttempts(ctx, bucket)
	})
	if err := <-tried; err != nil {
		t.Error(err)
	}
}
