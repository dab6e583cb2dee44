// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/portal"
	"ininjo/server/outside/mail"
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
	for name, key := range map[string][]byte{"master": s.keys.master, "hash": s.keys.hash} {
		if err := s.db.CheckKey(ctx, name, key); err != nil {
			return fmt.Errorf("checking key %s: %w", name, err)
		}
	}
	return s.db.InsertSigningKey(ctx, db.SigningKey{KeyID: s.keys.receipt.KeyID(), Purpose: receipt.TypReceipt, JWK: s.keys.receiptJWK, From: s.clock.Now()})
}

// enqueue hands db the queue's side of a transaction (design.md, section 3).
func (s *service) enqueue(ctx context.Context, tx pgx.Tx, j poa.Job, at time.Time) error {
	if s.jobs == nil {
		return errors.New("enqueuing: jobs are not open")
	}
	return s.jobs.Enqueue(ctx, tx, j, at)
}

func (s *service) openJobs(ctx context.Context) error {
	var err error
	if s.hooks, err = webhook.New(webhook.Config{Allow: s.config.WebhookAllow}); err != nil {
		return fmt.Errorf("reading --webhook-allow: %w", err)
	}
	return nil
}

// startJobs begins to work. It needs the rules, so it comes after wire.
func (s *service) startJobs(ctx context.Context) error {
	mailer, err := s.mailer()
	if err != nil {
		return err
	}
	s.jobs, err = jobs.New(jobs.Config{Pool: s.db.Pool(), Schema: db.RiverSchema, Notifier: s.chapters.notifier, Registrar: s.chapters.registrar,
		Upkeep: s.db, Leader: s.db, Poster: s.hooks, Mailer: mailer, Clock: s.clock, MachineClock: s.machine, Policy: s.policy, Log: s.log})
	if err != nil {
		return fmt.Errorf("preparing jobs: %w", err)
	}
	return s.jobs.Start(ctx)
}

func (s *service) mailer() (jobs.Mailer, error) {
	if s.config.SMTP == "" {
		return mail.NewFolder(s.config.MailDir, s.config.MailFrom)
	}
	password := ""
	if s.config.SMTPPasswordFile != "" {
		b, err := os.ReadFile(s.config.SMTPPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("reading --smtp-password-file: %w", err)
		}
		password = strings.TrimSpace(string(b))
	}
	return mail.NewSMTP(mail.SMTPConfig{Address: s.config.SMTP, User: s.config.SMTPUser, Password: password, NoTLS: s.config.SMTPNoTLS, From: s.config.MailFrom})
}

// queues are shown on a page of ours.
func (s *service) queues(ctx context.Context) ([]portal.Queue, error) {
	counted, err := s.jobs.Queues(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]portal.Queue, len(counted))
	for i, q := range counted {
		shown[i] = portal.Queue(q)
	}
	return shown, nil
}
