// SPDX-License-Identifier: Apache-2.0

package outside_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/mail"
	"ininjo/server/outside/webhook"
)

// killVariable makes this binary the program that is killed.
const killVariable = "ININJO_TEST_KILLED"

// killTask is what that program is told.
type killTask struct {
	URL, Keys, Receiver  string
	Delegator, Recipient string
	Delegation           poa.DelegationID
	First                int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(killVariable); text != "" {
		var k killTask
		if err := errors.Join(json.Unmarshal([]byte(text), &k), k.run()); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func (k killTask) open(ctx context.Context) (*db.DB, error) {
	keys, err := db.NewFolderKeyStore(k.Keys)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32) // tests have nothing to hide
	sealer, err := db.NewSealer(keys, secret, secret, clock)
	if err != nil {
		return nil, err
	}
	inserter, err := jobs.NewInserter(jobs.Config{Schema: db.RiverSchema})
	if err != nil {
		return nil, err
	}
	return db.Open(ctx, db.Config{URL: k.URL, Sealer: sealer, Enqueue: inserter.Enqueue, Clock: clock, MaxConns: 8})
}

// prepare inserts a delegation, and a recipient with an endpoint that watches it.
func (k *killTask) prepare(ctx context.Context, store *db.DB, url string) error {
	k.Delegator, k.Recipient, k.Delegation = poa.NewID(poa.PrefixDelegator), poa.NewID(poa.PrefixRecipient), poa.NewDelegationID()
	now := clock.Now()
	return store.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
		for id, role := range map[string]poa.PartyRole{k.Delegator: poa.PartyDelegator, k.Recipient: poa.PartyRecipient} {
			number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
			if err := errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: id, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
				Profile: poa.Profile{Name: "例社", Email: id + "@example.com"}, Language: "ja", AppliedAt: now}), tx.DecideParty(ctx, id, poa.EnrollmentActive, now)); err != nil {
				return err
			}
		}
		entry, err := tx.AllocateStatusEntry(ctx)
		if err != nil {
			return err
		}
		d := poa.Delegation{ID: k.Delegation, DelegatorID: k.Delegator, State: poa.StateDrafted, ValidFrom: poa.DateOf(now), ValidThrough: poa.DateOf(now).AddDays(99),
			DraftedAt: now, StatusList: entry, Contents: poa.Contents{Mandator: poa.Mandator{Kind: poa.Corporation, Name: "例社"}, Delegate: poa.Delegate{Name: "受任 太郎", Email: "taro@example.com"}}}
		return errors.Join(tx.InsertDelegation(ctx, d, []byte("draft")), tx.InsertEndpoint(ctx, poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: k.Recipient,
			URL: url, State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: now}),
			tx.InsertWatch(ctx, poa.Watch{RecipientID: k.Recipient, DelegationID: k.Delegation, Since: now, SinceVersion: 1}))
	})
}

// run delivers until it is killed, and commits changes until its standard input
// ends, telling each that was acknowledged.
func (k killTask) run() error {
	ctx := context.Background()
	store, err := k.open(ctx)
	if err != nil {
		return err
	}
	allowed, err := webhook.ParseAllowance(k.Receiver)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(k.Keys, "mail")
	if err != nil {
		return err
	}
	mailer, err := mail.NewFolder(folder, mail.Sender{From: "no-reply@ininjo.example", Clock: clock})
	if err != nil {
		return err
	}
	policy := poa.DefaultPolicy("https://ininjo.example")
	room, err := jobs.New(jobs.Config{Pool: store.Pool(), Schema: db.RiverSchema, Enrollment: poa.NewEnrollment(clock, store, policy, nil), Notifier: poa.NewNotifier(clock, store, policy),
		Registrar: poa.NewRegistrar(clock, store, policy, jpki.Profile{}), Access: poa.NewAccess(clock, store, policy, nil), Titles: poa.NewTitles(clock, store, policy),
		Retention: poa.NewRetention(clock, store, policy), Records: poa.NewRecords(clock, store), Upkeep: store, Leader: store, Due: store.Due(), Lease: 3 * time.Second,
		Webhook: webhook.NewClient(webhook.Config{Allowed: []webhook.Allowance{allowed}, Deadline: time.Second}), Mailer: mailer, Policy: policy, Clock: clock})
	if err != nil {
		return err
	}
	if err := room.Start(ctx); err != nil {
		return err
	}
	k.write(ctx, store)
	select {} // delivers on, until it is killed
}

func (k killTask) write(ctx context.Context, store *db.DB) {
	var over atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		over.Store(true)
	}()
	var last atomic.Int64
	last.Store(int64(k.First))
	var writing sync.WaitGroup
	for range 8 {
		writing.Go(func() {
			for !over.Load() {
				version := int(last.Add(1))
				err := store.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
					return tx.Publish(ctx, poa.Change{Type: poa.NoticeSuspended, DelegationID: k.Delegation, DelegatorID: k.Delegator, Version: version,
						Status: poa.StatusSuspended, At: clock.Now()})
				})
				if err == nil {
					fmt.Println(version) // one write: a line is whole or not there
				} else {
					<-time.After(20 * time.Millisecond) // PostgreSQL is away
				}
			}
		})
	}
	writing.Wait()
}
