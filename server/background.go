// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/db"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/portal"
	"ininjo/server/outside/webhook"
)

const markDemo = "demo"

// errMarked keeps demo data and real data apart.
var (
	errIsDemo  = errors.New("the database was made by demo: serve refuses it; give another --data-dir or --database-url")
	errNotDemo = errors.New("the database is not empty and was not made by demo: demo refuses it; give another --data-dir")
)

// checkMark refuses demo's data in serve and other data in demo.
func (s *service) checkMark(ctx context.Context) error {
	marked, err := s.db.IsMarked(ctx, markDemo)
	if err != nil {
		return fmt.Errorf("reading marks: %w", err)
	}
	if !s.config.demo {
		if marked {
			return errIsDemo
		}
		return nil
	}
	if marked {
		return nil
	}
	empty, err := s.db.IsEmpty(ctx)
	if err != nil {
		return fmt.Errorf("looking into database: %w", err)
	}
	if !empty {
		return errNotDemo
	}
	return s.db.Mark(ctx, markDemo)
}

// registerKeys checks every key against its check value, so that a wrong one is
// refused at the start, and puts the public key into the database before its
// first signature.
func (s *service) registerKeys(ctx context.Context) error {
	for _, key := range []struct {
		name  string
		bytes []byte
	}{{"master", s.keys.master}, {"hash", s.keys.hash}} {
		if err := s.db.CheckKey(ctx, key.name, key.bytes); err != nil {
			return fmt.Errorf("checking key %s: %w", key.name, err)
		}
	}
	if s.config.withoutKeys {
		s.receipts = &keyring{set: receipt.NewKeyset(receipt.TypReceipt, s.clock.Now)}
		return nil
	}
	sources, err := s.config.keySources(s.config.ReceiptKeys, receiptFile)
	if err != nil {
		return err
	}
	if s.receipts, err = s.openKeyring(ctx, receipt.TypReceipt, sources); err != nil {
		return err
	}
	return s.publishWebhookKeys(ctx)
}

// openQueue makes what enqueues: the queue's side of a transaction of db
// (design.md, section 3). Jobs are worked off once the rules are wired.
func (s *service) openQueue() (db.Enqueuer, error) {
	inserter, err := jobs.NewInserter(jobs.Config{Schema: db.RiverSchema, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("preparing queue: %w", err)
	}
	return inserter.Enqueue, nil
}

func (s *service) openHooks() error {
	config := webhook.Config{Clock: s.machine}
	for _, text := range s.config.WebhookAllow {
		allowance, err := webhook.ParseAllowance(text)
		if err != nil {
			return fmt.Errorf("reading --webhook-allow: %w", err)
		}
		config.Allowed = append(config.Allowed, allowance)
	}
	s.hooks = webhook.NewClient(config)
	return nil
}

// startJobs begins to work. It needs the rules, so it comes after wire.
func (s *service) startJobs(ctx context.Context) error {
	if err := s.equipHeartbeats(ctx); err != nil {
		return err
	}
	if err := s.equipStatusLists(ctx); err != nil {
		return err
	}
	if err := s.equipLog(ctx); err != nil {
		return err
	}
	mailer, err := s.mailer()
	if err != nil {
		return err
	}
	s.mail = mailer
	lists := &listPublisher{service: s}
	lists.watch()
	s.jobs, err = jobs.New(jobs.Config{Pool: s.db.Pool(), Schema: db.RiverSchema, Enrollment: s.chapters.enrollment, Notifier: s.chapters.notifier, Registrar: s.chapters.registrar,
		Access: s.chapters.access, Titles: s.chapters.titles, Retention: s.chapters.retention, Records: s.chapters.records,
		Upkeep: s.db, Leader: s.db, Webhook: s.hooks, Due: s.db.Due(), Mailer: mailer, Clock: s.clock, MachineClock: s.machine, Policy: s.policy, Log: s.log, Version: version(),
		WebhookKeys: s.webhookKeys(), StatusLists: lists})
	if err != nil {
		return fmt.Errorf("preparing jobs: %w", err)
	}
	s.watchPartitions()
	s.watchFollowing()
	s.watchRetention()
	s.watchKeys(ctx)
	if err := s.jobs.Start(ctx); err != nil {
		return err
	}
	return s.mendSearch(ctx)
}

// watchPartitions raises the alert of the audit tables: rows that no monthly
// partition took (design.md, rule 15). -1 means that the database does not
// answer.
func (s *service) watchPartitions() {
	s.metrics.gauge("ininjo_audit_default_rows", "Audit rows in a default partition; anything but 0 is an alert.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n, err := s.db.DefaultRows(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	})
}

// watchFollowing shows whether what follows every answer keeps up with them.
func (s *service) watchFollowing() {
	age := func(which func(sealed, indexed time.Time) time.Time) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			sealed, indexed, err := s.db.Followed(ctx)
			if done := which(sealed, indexed); err == nil && !done.IsZero() {
				return s.clock.Now().Sub(done).Seconds()
			}
			return -1
		}
	}
	s.metrics.gauge("ininjo_log_sealed_age_seconds", "For how long what was recorded is not sealed into the audit log's tree; usually 10 to 80, above 600 is an alert; -1 before the first time.",
		age(func(sealed, _ time.Time) time.Time { return sealed }))
	s.metrics.gauge("ininjo_inquiries_indexed_age_seconds", "For how long inquiries are not in their index; usually 30 to 60, above 600 is an alert; -1 before the first time.",
		age(func(_, indexed time.Time) time.Time { return indexed }))
}

// watchReplica shows how far the replica is behind, and who serves its reads.
func (s *service) watchReplica() {
	if s.config.ReplicaURL == "" {
		return
	}
	s.metrics.gauge("ininjo_replica_lag_seconds", "How far --replica-url is behind; -1 where it cannot be reached or is no replica, which is an alert.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		lag, err := s.db.ReplicaLag(ctx)
		if err != nil {
			return -1
		}
		return lag.Seconds()
	})
	s.metrics.gauge("ininjo_replica_served", "Reads that --replica-url served, by this process.", func() float64 { served, _ := s.db.ReplicaReads(); return float64(served) })
	s.metrics.gauge("ininjo_replica_fallen", "Reads that --database-url served in place of --replica-url, by this process.", func() float64 { _, fallen := s.db.ReplicaReads(); return float64(fallen) })
}

// mendSearch has the search hashes rebuilt where a crash emptied their unlogged
// table.
func (s *service) mendSearch(ctx context.Context) error {
	lost, err := s.db.SearchIsEmpty(ctx)
	if err != nil || !lost {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx poa.Tx) error { return tx.Enqueue(ctx, poa.RebuildSearch{}, time.Time{}) })
}

// queues are shown on a page of ours: River's counts by queue and kind.
func (s *service) queues(ctx context.Context) ([]portal.Queue, error) {
	counts, err := s.jobs.Queues(ctx)
	if err != nil {
		return nil, err
	}
	var shown []portal.Queue
	for _, c := range counts {
		name := c.Queue + " / " + c.Kind
		i := slices.IndexFunc(shown, func(q portal.Queue) bool { return q.Name == name })
		if i < 0 {
			shown = append(shown, portal.Queue{Name: name})
			i = len(shown) - 1
		}
		count(&shown[i], c, s.machine.Now())
	}
	return shown, nil
}

func count(q *portal.Queue, c jobs.QueueCount, now time.Time) {
	switch n := int(c.Count); c.State {
	case "available":
		q.Available = n
		if !c.Oldest.IsZero() {
			q.Oldest = max(0, now.Sub(c.Oldest))
		}
	case "running":
		q.Running = n
	case "retryable":
		q.Retryable = n
	case "scheduled":
		q.Scheduled = n
	case "discarded":
		q.Discarded = n
	}
}
