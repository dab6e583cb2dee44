// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ininjo/poa"
)

// lists has a recipient with 10,000 watches, 10,000 inquiries and an endpoint
// with 10,000 deliveries.
func lists(b *testing.B) (*world, string) {
	b.Helper()
	w := newWorld(b)
	d := w.accepted(b, w.delegator, days(0, 5))
	const endpoint = "whe_bench"
	w.in(b, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertEndpoint(ctx, poa.Endpoint{ID: endpoint, PartyID: w.recipient, URL: "https://example.com", State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight, CreatedAt: start})
	})
	w.Exec(b, fmt.Sprintf(`INSERT INTO inquiries (id, answered_at, recipient_id, account_id, token_id, delegation_id, mistyped, historical, nonce, version)
			SELECT 'inq_' || i, '%[1]s'::timestamptz + i * interval '1 second', '%[2]s', 'acc_1', '', '%[3]s', false, false, '', 1 FROM generate_series(1, 10000) AS i`, start.Format(time.RFC3339), w.recipient, d.ID),
		fmt.Sprintf(`INSERT INTO deliveries (id, endpoint_id, party_id, sequence, previous, change_id, type, version, status, at, state)
			SELECT 'whd_' || i, '%[1]s', '%[2]s', 0, 0, 0, 'endpoint.test', 0, '', '%[3]s'::timestamptz + i * interval '1 second', 'FAILED' FROM generate_series(1, 10000) AS i`, endpoint, w.recipient, start.Format(time.RFC3339)),
		manyWatches(string(d.ID), w.recipient), "INSERT INTO inquiry_index SELECT recipient_id, answered_at, id FROM inquiries", fmt.Sprintf("UPDATE inquiry_index_mark SET until = '%s', id = 'inq_z'", start.Add(30*time.Hour).Format(time.RFC3339)), "ANALYZE")
	return w, endpoint
}

// manyWatches copies a delegation 10,000 times and watches the copies.
func manyWatches(id, recipient string) string {
	return fmt.Sprintf(`CREATE TEMP TABLE copies AS SELECT 'ZZZZZ-ZZZZZ-' || lpad(i::text, 5, '0') || '-00000-00000' AS id, i FROM generate_series(1, 10000) AS i;
		INSERT INTO status_lists (list) VALUES (1000);
		INSERT INTO status_list_entries (list, index) SELECT 1000, i FROM copies;
		INSERT INTO delegations (id, delegator_id, state, sealed, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256,
			acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at)
		SELECT c.id, d.delegator_id, 'ACCEPTED', d.sealed, d.valid_from, d.valid_through, 1000, c.i, 1, d.drafted_at, d.draft_sha256,
			'X-' || c.id, d.submitted_at, d.signature_verified_at, d.file_sha256, d.content_sha256, d.delegate_certificate_sha256, d.delegate_certified_at, d.accepted_at
		FROM delegations d, copies c WHERE d.id = '%[1]s';
		INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at)
		SELECT c.id, p.accepted_at, p.valid_from, p.valid_through, 1, p.file_sha256, p.content_sha256, p.delegate_certificate_sha256, p.signature_verified_at
		FROM projections p, copies c WHERE p.delegation_id = '%[1]s';
		INSERT INTO watches (recipient_id, delegation_id, since, since_version) SELECT '%[2]s', c.id, '2026-06-01T00:00:00Z'::timestamptz + c.i * interval '1 second', 1 FROM copies c;
		DROP TABLE copies`, id, recipient)
}

// pageAt reads pages of 10 rows until the n-th begins and returns its cursor.
func pageAt[T any](b *testing.B, n int, read func(poa.Page) (poa.List[T], error)) string {
	b.Helper()
	after := ""
	for left := (n - 1) * 10; left > 0; {
		list, err := read(poa.Page{First: min(left, poa.MaxPage), After: after})
		if err != nil || len(list.Cursors) == 0 {
			b.Fatalf("reading on: %d rows, %v", len(list.Cursors), err)
		}
		left -= len(list.Cursors)
		after = list.Cursors[len(list.Cursors)-1]
	}
	return after
}

func benchmarkPages[T any](b *testing.B, read func(poa.Page) (poa.List[T], error)) {
	b.Helper()
	for _, n := range []int{1, 1000} {
		page := poa.Page{First: 10, After: pageAt(b, n, read)}
		b.Run(fmt.Sprintf("page %d", n), func(b *testing.B) {
			for b.Loop() {
				list, err := read(page)
				if err != nil || len(list.Items) != 10 {
					b.Fatalf("%d rows, %v", len(list.Items), err)
				}
			}
		})
	}
}

// BenchmarkOwnLists reads the first and the thousandth page, of ten rows each,
// of lists of 10,000 rows: they cost the same.
func BenchmarkOwnLists(b *testing.B) {
	w, endpoint := lists(b)
	ctx := b.Context()
	b.Run("watches", func(b *testing.B) {
		benchmarkPages(b, func(p poa.Page) (poa.List[poa.WatchRow], error) {
			return w.DB.WatchPage(ctx, w.recipient, poa.WatchFilter{Now: w.Clock.Now()}, p)
		})
	})
	b.Run("inquiries", func(b *testing.B) {
		benchmarkPages(b, func(p poa.Page) (poa.List[poa.InquiryRecord], error) {
			return w.DB.Inquiries(ctx, poa.InquiryFilter{RecipientID: w.recipient}, p)
		})
	})
	b.Run("deliveries", func(b *testing.B) {
		benchmarkPages(b, func(p poa.Page) (poa.List[poa.Delivery], error) { return w.DB.DeliveryPage(ctx, endpoint, p) })
	})
}
