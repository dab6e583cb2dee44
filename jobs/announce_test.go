// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"testing"
	"time"

	"ininjo/poa"
)

// What a killed process was telling goes on at the next start, though its job
// still counts as running: nobody waits until River gives it up.
func TestTellingGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.party(t, poa.PartyRecipient, "ja")
	now := w.Clock.Now()
	id := poa.NewID(poa.PrefixAnnouncement)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertAnnouncement(ctx, poa.AnnouncementText{ID: id, Kind: poa.AnnounceGeneral, Audience: poa.AudienceBoth, TitleJa: "x", TitleEn: "x", TextJa: "x", TextEn: "x",
			PreparedBy: "acc_1", PreparedAt: now, ReleasedBy: "acc_2", ReleasedAt: now, Parties: 1})
	})
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.Enqueue(ctx, poa.TellAnnouncements{}, (poa.SystemClock{}).Now().Add(-time.Hour))
	})
	w.Exec(t, "UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{killed}' WHERE kind = 'tell_announcements'")
	w.start(t)
	until(t, "all were told", func() bool {
		got, err := w.DB.Announcement(t.Context(), id)
		return err == nil && got.Told == 1 && !got.FinishedAt.IsZero()
	})
}
