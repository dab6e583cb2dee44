// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/log"
)

// sealing gives the office a key of the log and returns its public half.
func (o *office) sealing() string {
	o.tb.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(o.tb, err)
	o.records.SealWith(o.policy.Issuer, private)
	key, err := log.VerifierKey(log.OriginOf(o.policy.Issuer), public)
	must(o.tb, err)
	return key
}

// seal seals all that is old enough and returns how many leaves were added.
func (o *office) seal() int {
	o.tb.Helper()
	n, round := 0, o.records.Sealing(o.clock.Now())
	for {
		k, more, err := round.Step(o.tb.Context())
		must(o.tb, err)
		if n += k; !more {
			return n
		}
	}
}

// included verifies the proof of an inquiry from the leaf hash of its receipt.
func (o *office) included(a poa.Answer, key string) log.Checkpoint {
	o.tb.Helper()
	text, err := o.responder.InclusionProof(o.tb.Context(), o.recipient, a.InquiryID)
	must(o.tb, err)
	proof, err := log.ParseProof([]byte(text))
	must(o.tb, err)
	compact, err := o.responder.Receipt(o.tb.Context(), a)
	must(o.tb, err)
	leaf, err := hex.DecodeString(o.claimsOf(compact).LeafHash)
	must(o.tb, err)
	c, err := proof.Verify([32]byte(leaf), key)
	must(o.tb, err)
	return c
}

func TestLogIsSealed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	first := o.ask(poa.Question{DelegationID: string(d.ID), Nonce: "n"})
	if k, _, err := o.records.Sealing(o.clock.Now()).Step(t.Context()); err != nil || k != 0 {
		t.Errorf("without a key: %d, %v", k, err)
	}
	if _, err := o.records.Checkpoint(t.Context()); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a checkpoint of nothing: %v", err)
	}
	key := o.sealing()
	if text, err := o.responder.InclusionProof(t.Context(), o.recipient, first.InquiryID); err != nil || text != "" {
		t.Errorf("before it is sealed: %q, %v", text, err)
	}
	o.clock.Advance(time.Minute)
	mistyped := o.ask(poa.Question{DelegationID: "mistyped"}) // too young to be sealed
	events := o.counts()["audit_events"]
	if n := o.seal(); n != events+1 {
		t.Errorf("%d leaves, %d events and an inquiry", n, events)
	}
	if c := o.included(first, key); c.Size != int64(events+1) || c.Origin != "ininjo.example/log" {
		t.Errorf("%+v", c)
	}
	o.clock.Advance(time.Minute)
	if n := o.seal(); n != 1 {
		t.Errorf("%d more leaves", n)
	}
	for _, a := range []poa.Answer{first, mistyped} {
		if c := o.included(a, key); c.Size != int64(events+2) {
			t.Errorf("%+v", c)
		}
	}
	if n := o.seal(); n != 0 {
		t.Errorf("%d leaves were added twice", n)
	}
	t.Run("another's inquiry is not proved", func(t *testing.T) {
		other, _ := o.enrolRecipient("other@example.jp")
		if _, err := o.responder.InclusionProof(t.Context(), other, first.InquiryID); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// TestLateRowsAreSealed: rows that commit after their time was sealed are found a
// little later, and long after it by the daily look.
func TestLateRowsAreSealed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := o.sealing()
	o.clock.Advance(time.Hour)
	o.seal()
	late := func(age time.Duration) poa.Answer {
		now := o.clock.Now()
		o.clock.Set(now.Add(-age))
		defer o.clock.Set(now)
		return o.ask(poa.Question{DelegationID: string(poa.NewDelegationID())})
	}
	soon := late(time.Minute)
	if n := o.seal(); n != 1 {
		t.Fatalf("%d leaves", n)
	}
	o.included(soon, key)
	long := late(30 * time.Minute)
	if n := o.seal(); n != 0 {
		t.Fatalf("%d leaves: it looks back far each time", n)
	}
	o.clock.Advance(24 * time.Hour)
	o.seal()
	o.included(long, key)
}

// TestManyLeavesAndProcesses seals more than a tile with several at it at once.
func TestManyLeavesAndProcesses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := o.sealing()
	var answers []poa.Answer
	for round := range 7 {
		questions := make([]poa.Question, 90)
		for i := range questions {
			questions[i].DelegationID = string(poa.NewDelegationID())
		}
		got, err := o.responder.Ask(t.Context(), o.credential, questions)
		must(t, err)
		answers = append(answers, got[round], got[89])
		o.clock.Advance(time.Minute)
		var sealing sync.WaitGroup
		for range 3 {
			sealing.Go(func() {
				if _, _, err := o.records.Sealing(o.clock.Now()).Step(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		sealing.Wait()
		o.seal()
	}
	for _, a := range answers {
		if c := o.included(a, key); c.Size < 630 {
			t.Fatalf("%+v", c)
		}
	}
}
