// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

// inTx runs fn in one transaction and fails the test where it fails.
func inTx(tb testing.TB, d *db.DB, fn func(context.Context, poa.Tx) error) {
	tb.Helper()
	if err := d.InTx(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

func samplePerson(name string) poa.Profile {
	return poa.Profile{CorporateNumber: "7000012050002", Name: name, Address: "東京都千代田区霞が関一丁目2番3号", Email: "info@example.co.jp",
		Representative: poa.Representative{Title: "代表取締役", Name: "山田 太郎", Address: "東京都文京区本郷七丁目3番1号", Telephone: "03-1234-5678"}}
}

func sampleParty(role poa.PartyRole, number string, at time.Time) poa.Party {
	prefix := poa.PrefixDelegator
	if role == poa.PartyRecipient {
		prefix = poa.PrefixRecipient
	}
	return poa.Party{ID: poa.NewID(prefix), Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
		Profile: samplePerson("株式会社見本商事"), Language: "ja", AppliedAt: at}
}

func sampleAccount(p poa.Party, email string) poa.Account {
	kind := poa.ActorDelegator
	if p.Role == poa.PartyRecipient {
		kind = poa.ActorRecipient
	}
	return poa.Account{ID: poa.NewID(poa.PrefixAccount), PartyID: p.ID, Kind: kind, Name: p.Profile.Representative.Name, Email: email, Language: "ja", Member: poa.MemberAdministrator, CreatedAt: p.AppliedAt}
}

// insertParty stores a party with one account.
func insertParty(tb testing.TB, d *dbtest.Database, role poa.PartyRole, number, email string) (poa.Party, poa.Account) {
	tb.Helper()
	p := sampleParty(role, number, d.Clock.Now())
	a := sampleAccount(p, email)
	inTx(tb, d.DB, func(ctx context.Context, t poa.Tx) error {
		if err := t.InsertParty(ctx, p); err != nil {
			return err
		}
		return t.InsertAccount(ctx, a)
	})
	return p, a
}

func sampleEvent(d *dbtest.Database) poa.AuditEvent {
	return poa.AuditEvent{ID: poa.NewID(poa.PrefixEvent), At: d.Clock.Now(), ActorKind: poa.ActorStaff, ActorID: "stf_1", PartyID: "dgr_1", Action: poa.ActionEnrolled,
		SubjectID: "dgr_1", Outcome: poa.OutcomeDone, Data: map[string]string{"b": "2", "a": "<1>"}}
}
