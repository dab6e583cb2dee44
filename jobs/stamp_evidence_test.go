// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// authority is a time stamp authority that counts what it is asked.
type authority struct {
	*poatest.TSA
	clock *poatest.Clock
	asked atomic.Int64
}

// Stamp answers without the network between; server/outside has tests of its own.
func (a *authority) Stamp(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	a.asked.Add(1)
	return a.TSA.Stamp(digest, hash, a.clock.Now())
}

// process is a registrar of its own over the shared database, as another process has.
func (w *world) process(a *authority) *poa.Registrar {
	r := poa.NewRegistrar(w.Clock, w.DB, w.config.Policy, jpki.Profile{})
	r.Equip(poa.Verification{Stamper: a, StampRoots: a.Roots()})
	return r
}

// TestADueRecordIsStampedOnce, whatever number of processes find it due: one job waits for it, one stamp is asked for
// and stored, the first time and when it is renewed.
func TestADueRecordIsStampedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tsa := &authority{TSA: poatest.MustTSA(t, poatest.MustCA(t, w.Clock.Now())), clock: w.Clock}
	processes := []*poa.Registrar{w.process(tsa), w.process(tsa), w.process(tsa)}
	ref := poa.EvidenceRef{DelegationID: w.delegation(t, w.party(t, poa.PartyDelegator, "ja")).ID, Chain: poa.EvidenceFiling, Number: 1}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertEvidence(ctx, poa.EvidenceRecord{EvidenceRef: ref, Kind: evidence.KindIntake, SHA256: sha256.Sum256([]byte("record")), Record: []byte("record"), At: w.Clock.Now()})
	})
	// everyone has all processes do something at once, each several times.
	everyone := func(do func(*poa.Registrar) error) {
		t.Helper()
		var all sync.WaitGroup
		for _, r := range processes {
			for range 4 {
				all.Go(func() {
					if err := do(r); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
	}
	waiting := func() string {
		t.Helper()
		return w.Text(t, "SELECT count(*)::text FROM river.river_job WHERE kind = 'evidence.stamp'")
	}
	stamps := func() []poa.EvidenceStamp {
		t.Helper()
		_, stamps, err := w.DB.EvidenceOf(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return stamps
	}
	renew := func(r *poa.Registrar) error {
		_, err := r.RenewEvidence(t.Context())
		return err
	}

	everyone(renew)
	if n := waiting(); n != "1" {
		t.Fatalf("%s jobs wait for the first stamp", n)
	}
	w.startBeside(t, processes)
	until(t, "the first stamp", func() bool { return len(stamps()) == 1 })
	if n := tsa.asked.Load(); n != 1 {
		t.Errorf("the authority was asked %d times", n)
	}

	due := processes[0].RenewalOf(stamps()[0])
	w.Clock.Advance(due.Sub(w.Clock.Now()) - time.Hour)
	if err := w.DB.MakePartitions(t.Context(), w.Clock.Now()); err != nil { // years ahead at once: no event is on its way into the default partition
		t.Fatal(err)
	}
	everyone(renew)
	if n := waiting(); n != "1" {
		t.Errorf("%s jobs, though the stamp is not due", n)
	}
	w.Clock.Advance(2 * time.Hour)
	everyone(renew)
	if n := waiting(); n != "2" {
		t.Errorf("%s jobs in all with the renewal", n)
	}
	w.Exec(t, "UPDATE river.river_job SET scheduled_at = now(), state = 'available' WHERE kind = 'evidence.stamp' AND state = 'scheduled'") // its time has come
	until(t, "the renewal", func() bool { return len(stamps()) == 2 })
	everyone(renew)
	if n := waiting(); n != "2" || len(stamps()) != 2 || tsa.asked.Load() != 2 {
		t.Errorf("%s jobs in all, %d stamps, the authority was asked %d times", n, len(stamps()), tsa.asked.Load())
	}

	// Were there two jobs, by whatever accident, one stamp would be kept all the same.
	everyone(func(r *poa.Registrar) error {
		return r.StampEvidence(t.Context(), poa.StampEvidence{EvidenceRef: ref, Stamp: 3})
	})
	wantStamps(t, stamps(), 3, tsa)
}

// wantStamps wants so many stamps, each over the record and the stamps before it.
func wantStamps(t *testing.T, all []poa.EvidenceStamp, n int, tsa *authority) {
	t.Helper()
	if len(all) != n {
		t.Fatalf("%d stamps", len(all))
	}
	var tokens [][]byte
	for i, s := range all {
		if _, err := cms.VerifyTimeStamp(s.Token, evidence.Imprint(crypto.SHA256, []byte("record"), tokens), crypto.SHA256, tsa.Roots()); err != nil || s.Stamp != i+1 {
			t.Errorf("stamp %d is not over the record and the stamps before it: %v", i+1, err)
		}
		tokens = append(tokens, s.Token)
	}
}

// startBeside puts a room to work for each process.
func (w *world) startBeside(t *testing.T, processes []*poa.Registrar) {
	t.Helper()
	for _, r := range processes {
		config := w.config
		config.Registrar = r
		room, err := jobs.New(config)
		if err != nil {
			t.Fatal(err)
		}
		beside := &world{jobs: room}
		beside.start(t)
	}
}
