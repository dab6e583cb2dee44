// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/poatest"
)

// century is a service over a database of the test's own whose clock the test
// moves, with folders for archives and backups.
type century struct {
	*service
	t        *testing.T
	own      *ownDatabase
	time     *poatest.Clock
	identity string
	archives string
	backups  string
	keyBacks string
	manager  poa.Actor
	owner    poa.Actor
	numbers  int
}

func newCentury(t *testing.T) *century {
	t.Helper()
	c := &century{t: t, own: newOwnDatabase(t), time: poatest.NewClock(time.Date(2026, 6, 15, 3, 0, 0, 0, time.UTC)), archives: t.TempDir(), backups: t.TempDir(), keyBacks: t.TempDir()}
	identity, err := age.GenerateX25519Identity()
	c.check(err)
	keys := t.TempDir()
	c.identity = filepath.Join(keys, "identity.txt")
	c.check(os.WriteFile(c.identity, []byte(identity.String()+"\n"), 0o600))
	c.check(os.WriteFile(filepath.Join(keys, "recipients.txt"), []byte("# safe of the auditor\n"+identity.Recipient().String()+"\n"), 0o600))
	c.service = c.open(c.config(filepath.Join(keys, "recipients.txt")))
	c.manager = poa.Actor{Kind: poa.ActorStaff, ID: "stf_manager", Roles: []poa.Role{poa.RoleServiceManager}}
	c.owner = poa.Actor{Kind: poa.ActorStaff, ID: "stf_owner", Roles: []poa.Role{poa.RoleServiceOwner}}
	return c
}

func (c *century) config(recipients string) Config {
	config := c.own.config(c.t)
	config.ArchiveDir, config.ArchiveRecipients, config.AuditOnlineDays = c.archives, recipients, 42
	return config
}

// config is what a process on the database is given.
func (o *ownDatabase) config(t *testing.T) Config {
	config := Config{DatabaseURL: o.app, MigrateDatabaseURL: o.migrate, Keys: o.keys, KeyStore: o.keyStore, DataDir: freshHome(t), PublicURL: "https://ininjo.example.jp", beside: true}
	config.RetentionDatabaseURL = dbtest.Cluster(t).URL(db.LoginRetention, o.name)
	return config
}

// open is another process on the same database.
func (c *century) open(config Config) *service {
	c.t.Helper()
	s, err := newService(c.t.Context(), config, c.time, slog.New(slog.DiscardHandler))
	c.check(err)
	c.t.Cleanup(func() { c.check(s.stop(context.WithoutCancel(c.t.Context()))) })
	c.check(s.wire(config.PublicURL))
	return s
}

func (c *century) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *century) in(fn func(context.Context, poa.Tx) error) {
	c.t.Helper()
	c.check(c.db.InTx(c.t.Context(), fn))
}

// nameOf is a person's name that stands nowhere else.
func nameOf(id string) string { return "氏名" + id }

// party inserts a party with an account and a mail, in a state.
func (c *century) party(role poa.PartyRole, state poa.EnrollmentState) string {
	c.t.Helper()
	prefix := map[poa.PartyRole]string{poa.PartyDelegator: poa.PrefixDelegator, poa.PartyRecipient: poa.PrefixRecipient}[role]
	id, now := poa.NewID(prefix), c.time.Now()
	c.numbers++
	c.in(func(ctx context.Context, tx poa.Tx) error {
		err := tx.InsertParty(ctx, poa.Party{ID: id, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: fmt.Sprintf("A-%d", c.numbers),
			Profile: poa.Profile{Name: nameOf(id), Email: id + "@example.com", Representative: poa.Representative{Name: nameOf(id)}}, Language: "ja", AppliedAt: now})
		if err == nil && state != poa.EnrollmentApplied {
			err = tx.DecideParty(ctx, id, state, now)
		}
		kind := map[poa.PartyRole]poa.ActorKind{poa.PartyDelegator: poa.ActorDelegator, poa.PartyRecipient: poa.ActorRecipient}[role]
		return errors.Join(err, tx.InsertAccount(ctx, poa.Account{ID: "acc_" + id, PartyID: id, Kind: kind, Name: nameOf(id), Email: id + "@example.com", Language: "ja", CreatedAt: now}),
			tx.InsertMail(ctx, poa.Mail{ID: poa.NewID(poa.PrefixMail), PartyID: id, To: id + "@example.com", Template: poa.MailApplicationReceived, Language: "ja", CreatedAt: now}),
			tx.Audit(ctx, poa.AuditEvent{ID: poa.NewID(poa.PrefixEvent), At: now, ActorKind: poa.ActorAnonymous, ActorID: "anonymous", PartyID: id, Action: poa.ActionRegistered, SubjectID: id, Outcome: poa.OutcomeDone, Data: map[string]string{"n": "<&>"}}))
	})
	return id
}

// end ends a party's contract now.
func (c *century) end(id string) {
	c.t.Helper()
	c.sql("UPDATE parties SET state = 'ENDED', ended_at = $2 WHERE id = $1", id, c.time.Now())
}

func (c *century) sql(statement string, args ...any) {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.own.superuser)
	c.check(err)
	defer conn.Close(context.WithoutCancel(c.t.Context()))
	_, err = conn.Exec(c.t.Context(), statement, args...)
	c.check(err)
}

// delegation inserts a delegation that came as far as the state.
func (c *century) delegation(delegator string, state poa.State, days int) poa.DelegationID {
	c.t.Helper()
	now := c.time.Now()
	d := poa.Delegation{ID: poa.NewDelegationID(), DelegatorID: delegator, State: poa.StateDrafted, ValidFrom: poa.DateOf(now), ValidThrough: poa.DateOf(now).AddDays(days),
		DraftedAt: now, DraftSHA256: sha256.Sum256([]byte("draft"))}
	d.Contents = poa.Contents{Mandator: poa.Mandator{Kind: poa.Corporation, Name: nameOf(delegator)}, Delegate: poa.Delegate{Name: nameOf(string(d.ID)), Email: string(d.ID) + "@example.com"}, Powers: []string{"契約"}}
	c.numbers++
	file := []byte("file of " + nameOf(string(d.ID)))
	c.in(func(ctx context.Context, tx poa.Tx) error {
		var err error
		if d.StatusList, err = tx.AllocateStatusEntry(ctx); err != nil {
			return err
		}
		if err := tx.InsertDelegation(ctx, d, file); err != nil {
			return err
		}
		if state == poa.StateAbandoned {
			return tx.Close(ctx, d.ID, poa.StateDrafted, state, now)
		}
		d.DelegateCertificateSHA256, d.DelegateCertifiedAt = sha256.Sum256([]byte("certificate")), now
		d.Acknowledgement = &poa.Acknowledgement{Number: fmt.Sprintf("D-%d", c.numbers), SubmittedAt: now, FileSHA256: sha256.Sum256(file), VerifiedAt: now}
		d.State, d.FileSHA256 = poa.StateSubmitted, d.Acknowledgement.FileSHA256
		handed := poa.HandedIn{DelegationID: d.ID, CertificateSHA256: d.DelegateCertificateSHA256, Name: nameOf(string(d.ID)), At: now}
		if err := errors.Join(tx.InsertHandedIn(ctx, handed, file), tx.Submit(ctx, d, file, sha256.Sum256(file), nil)); err != nil {
			return err
		}
		if state == poa.StateRefused {
			return errors.Join(tx.Close(ctx, d.ID, poa.StateSubmitted, state, now), tx.InsertRefusals(ctx, d.ID, []poa.Refusal{{Code: poa.CodeContentUnclear, Note: nameOf(string(d.ID)), At: now}}))
		}
		if err := tx.Accept(ctx, d.ID, now); err != nil {
			return err
		}
		_, err = tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: now, EventID: "evt_1"}, poa.Term{From: d.ValidFrom, Through: d.ValidThrough}, now)
		return err
	})
	return d.ID
}

// asks has a recipient ask about delegations.
func (c *century) asks(recipient string, ids ...poa.DelegationID) {
	c.t.Helper()
	var inquiries []poa.Inquiry
	for _, id := range ids {
		inquiries = append(inquiries, poa.Inquiry{ID: poa.NewID(poa.PrefixInquiry), DelegationID: id, AnsweredAt: c.time.Now(), At: c.time.Now(), Nonce: `n"é`})
	}
	_, err := c.db.Ask(c.t.Context(), poa.Credential{AccountID: "acc_" + recipient}, inquiries)
	c.check(err)
}

// upkeep is what a month brings: partitions, sweeps, archives, and a run of
// erasure that two people let through.
func (c *century) upkeep() {
	c.t.Helper()
	ctx := c.t.Context()
	r := c.chapters.retention
	c.check(c.db.MakePartitions(ctx, c.time.Now()))
	_, err := r.Sweep(ctx)
	c.check(err)
	_, err = r.ArchiveAudit(ctx)
	c.check(err)
	c.erase()
}

func (c *century) erase() string {
	c.t.Helper()
	ctx := c.t.Context()
	r := c.chapters.retention
	id, err := r.PrepareErasure(ctx, c.manager, poa.NewID("key_"))
	c.check(err)
	// The queue is not at work: the run is released as the owner would.
	c.check(r.ReleaseErasure(ctx, c.owner, poa.NewID("key_"), id))
	for n := 1; n > 0; {
		n, err = r.Erase(ctx, id)
		c.check(err)
	}
	return id
}

// command runs a command of the program in this process.
func (c *century) command(run func(*output) error) string {
	c.t.Helper()
	out, in := io.Pipe()
	said := make(chan string, 1)
	go func() { b, _ := io.ReadAll(out); said <- string(b) }()
	err := run(&output{in, io.Discard})
	_ = in.Close()
	c.check(err)
	return <-said
}
