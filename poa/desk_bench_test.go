// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ininjo/poa"
)

const pageRows = 20

// BenchmarkDesk measures a page of the queue with 100,000 cases, of the log of
// contacts with 10,000 lines and of the audit log with 100,000 events, at the
// first page and at the thousandth (contacts: the four hundredth), as the pages
// ask for them: with names, counts and the record of the reading.
func BenchmarkDesk(b *testing.B) {
	o := newOffice(b)
	o.fill()
	ctx, desk := b.Context(), o.desk()
	cases := func(p poa.Page) (string, bool, error) {
		list, err := desk.Cases(ctx, o.reception, poa.CaseFilter{}, p)
		return last(list.Cursors), len(list.Items) == max(p.First, 1), err
	}
	filtered := func(p poa.Page) (string, bool, error) {
		list, err := desk.Cases(ctx, o.reception, poa.CaseFilter{Kinds: []poa.CaseKind{poa.CaseTitle}, Unclaimed: true}, p)
		return last(list.Cursors), len(list.Items) == max(p.First, 1), err
	}
	contacts := func(p poa.Page) (string, bool, error) {
		list, err := desk.Contacts(ctx, o.reception, poa.ContactFilter{}, p)
		return last(list.Cursors), len(list.Items) == max(p.First, 1), err
	}
	audit := func(p poa.Page) (string, bool, error) {
		p.CountTo = poa.QueueBound
		list, err := o.records.AuditEvents(ctx, o.auditor, poa.AuditFilter{}, p)
		return last(list.Cursors), len(list.Items) == max(p.First, 1), err
	}
	for _, each := range []struct {
		name string
		page int
		read func(poa.Page) (string, bool, error)
	}{{"cases", 1000, cases}, {"cases of a kind, unclaimed", 700, filtered}, {"contacts", 400, contacts}, {"audit", 1000, audit}} {
		for _, number := range []int{1, each.page} {
			b.Run(fmt.Sprintf("%s, page %d", each.name, number), func(b *testing.B) { measure(b, number, each.read) })
		}
	}
}

// measure goes to the page with the number and reads it again and again.
func measure(b *testing.B, number int, read func(poa.Page) (string, bool, error)) {
	after := ""
	for skip := (number - 1) * pageRows; skip > 0; skip -= min(skip, poa.MaxPage) {
		var err error
		if after, _, err = read(poa.Page{First: min(skip, poa.MaxPage), After: after}); err != nil {
			b.Fatal(err)
		}
	}
	took, machine := make([]time.Duration, 0, b.N), poa.SystemClock{}
	for b.Loop() {
		begun := machine.Now()
		_, full, err := read(poa.Page{First: pageRows, After: after})
		if err != nil || !full {
			b.Fatalf("full %t, %v", full, err)
		}
		took = append(took, machine.Now().Sub(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/page-p50")
}

func last(cursors []string) string {
	if len(cursors) == 0 {
		return ""
	}
	return cursors[len(cursors)-1]
}

// fill makes the lists long: rows without personal data by the database itself,
// contacts by the store, which seals them.
func (o *office) fill() {
	party := o.delegator.PartyID
	must(o.tb, o.data.DB.MakePartitions(o.tb.Context(), o.clock.Now())) // the events fall into three months
	o.data.Exec(o.tb,
		`INSERT INTO cases (id, kind, subject_id, party_id, opened_at, due_at, claimed_by, claimed_at, claimed_until)
		SELECT 'cas_' || lpad(n::text, 26, '0'), (ARRAY['APPLICATION', 'CHANGE', 'FILING', 'TITLE', 'QUESTION'])[1 + n % 5], 'subject-' || n, '`+party+`',
			at - interval '3 days', at, CASE WHEN n % 4 = 0 THEN '`+o.reception.ID+`' END, CASE WHEN n % 4 = 0 THEN at END, CASE WHEN n % 4 = 0 THEN at + interval '8 hours' END
		FROM (SELECT n, timestamptz '2026-06-01' + n * interval '17 seconds' AS at FROM generate_series(1, 100000) AS n) AS rows`,
		`INSERT INTO audit_events (id, at, actor_kind, actor_id, action, subject_id, outcome, data)
		SELECT 'evt_' || lpad(n::text, 26, '0'), timestamptz '2026-06-01' + n * interval '60 seconds', 'SYSTEM', 'system', 'delegation.announced', 'subject-' || n, 'DONE', '{}'
		FROM generate_series(1, 100000) AS n`)
	must(o.tb, o.store.InTx(o.tb.Context(), func(ctx context.Context, tx poa.Tx) error {
		for n := range 10_000 {
			at := o.clock.Now().Add(-time.Duration(n) * time.Minute)
			c := poa.Contact{ID: poa.NewID(poa.PrefixContact), Channel: poa.ContactTelephone, Direction: poa.ContactIn, PartyID: party, At: at, EnteredBy: o.reception.ID, EnteredAt: at,
				Person: "山田 太郎", About: "登録の進み具合の問合せ"}
			if err := tx.InsertContact(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}))
	o.data.Exec(o.tb, "ANALYZE")
}
