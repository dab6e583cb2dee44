// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
)

// Announcements lists announcements to staff, the newest first.
func (n *Notifier) Announcements(ctx context.Context, actor Actor, p Page) (List[AnnouncementText], error) {
	if err := n.permit(ctx, actor, MaySeeAnnouncements, ActionAnnouncementsRead); err != nil {
		return List[AnnouncementText]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[AnnouncementText]{}, err
	}
	p.CountTo = QueueBound
	return n.store.Announcements(ctx, p)
}

// AnnouncementView is an announcement with who prepared and released it and who
// was reached.
type AnnouncementView struct {
	AnnouncementText
	PreparedByName, ReleasedByName string
	// For is how many parties it is for now, before its release.
	For   int
	Reach Reach
}

// Announcement returns an announcement to staff, as it will be told: its release
// begins with reading it.
func (n *Notifier) Announcement(ctx context.Context, actor Actor, id string) (AnnouncementView, error) {
	if err := n.permit(ctx, actor, MaySeeAnnouncements, ActionAnnouncementsRead); err != nil {
		return AnnouncementView{}, err
	}
	if !IsID(id, PrefixAnnouncement) {
		return AnnouncementView{}, ErrNotFound
	}
	t, err := n.store.Announcement(ctx, id)
	if err != nil {
		return AnnouncementView{}, err
	}
	view := AnnouncementView{AnnouncementText: t}
	names, err := n.store.StaffNames(ctx, []string{t.PreparedBy, t.ReleasedBy})
	if err != nil {
		return AnnouncementView{}, fmt.Errorf("reading names: %w", err)
	}
	view.PreparedByName, view.ReleasedByName = names[t.PreparedBy], names[t.ReleasedBy]
	if t.State() == AnnouncementPrepared {
		view.For, err = n.store.CountAudience(ctx, t.Audience)
		return view, err
	}
	view.Reach, err = n.store.Reach(ctx, id)
	return view, err
}

// SampleLetter draws the letter that an announcement will be, to a made-up
// addressee.
func (n *Notifier) SampleLetter(ctx context.Context, actor Actor, id, language string) ([]byte, error) {
	view, err := n.Announcement(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	sample := Letter{ID: PrefixLetter + "00000000000000000000000000", AnnouncementID: id, Language: language,
		To: Addressee{Name: "見本株式会社", Address: "〒100-0013 東京都千代田区霞が関１－１－１", Title: "代表取締役", Person: "見本　太郎"}}
	return n.draw(ctx, only{n.store, view.AnnouncementText}, []Letter{sample}, n.clock.Now())
}

// only reads one announcement that was read before.
type only struct {
	LetterReader
	text AnnouncementText
}

// Announcement returns the one.
func (o only) Announcement(context.Context, string) (AnnouncementText, error) { return o.text, nil }
