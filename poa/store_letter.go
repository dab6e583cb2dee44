// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// LetterTx changes letters and announcements.
type LetterTx interface {
	// InsertLetter stores a letter, once for a party and an announcement; false
	// where there is one.
	InsertLetter(ctx context.Context, l Letter) (bool, error)
	// LockLetters reads letters in the order of their IDs and takes FOR NO KEY
	// UPDATE on them; those that are not there are left out.
	LockLetters(ctx context.Context, ids []string) ([]Letter, error)
	// MarkPrinted records who first printed letters.
	MarkPrinted(ctx context.Context, ids []string, by string, at time.Time) error
	// MarkPosted records who posted letters; ErrConflict where one was posted or
	// was never printed.
	MarkPosted(ctx context.Context, ids []string, by string, at time.Time) error
	// OtherMails counts the messages of an announcement to a party that did not
	// fail.
	OtherMails(ctx context.Context, announcementID, partyID string) (int, error)

	InsertAnnouncement(ctx context.Context, a AnnouncementText) error
	// LockAnnouncement reads an announcement and takes FOR NO KEY UPDATE on it.
	LockAnnouncement(ctx context.Context, id string) (AnnouncementText, error)
	// MoveAnnouncement stores release, withdrawal, stop, progress and end.
	MoveAnnouncement(ctx context.Context, a AnnouncementText) error
	// Audience lists parties under contract behind an ID, in the order of their
	// IDs.
	Audience(ctx context.Context, a Audience, after string, limit int) ([]AudienceParty, error)
	// InsertTold stores who was told, each once.
	InsertTold(ctx context.Context, announcementID string, told []Informed, at time.Time) error
	// MarkMailed records that a message of an announcement was handed over.
	MarkMailed(ctx context.Context, announcementID, partyID string, at time.Time) error
	// MarkLetter records that the party gets the announcement by post.
	MarkLetter(ctx context.Context, announcementID, partyID string, at time.Time) error
}

// LetterReader reads letters and announcements.
type LetterReader interface {
	Letter(ctx context.Context, id string) (Letter, error)
	// Letters lists letters, the oldest first.
	Letters(ctx context.Context, f LetterFilter, p Page) (List[Letter], error)
	Announcement(ctx context.Context, id string) (AnnouncementText, error)
	// Announcements lists announcements, the newest first.
	Announcements(ctx context.Context, p Page) (List[AnnouncementText], error)
	// AnnouncementsRunning lists those that are released, and neither stopped nor
	// at their end.
	AnnouncementsRunning(ctx context.Context) ([]string, error)
	CountAudience(ctx context.Context, a Audience) (int, error)
	// Reach counts who was reached by which channel.
	Reach(ctx context.Context, announcementID string) (Reach, error)
}

// Prefixes of IDs.
const (
	PrefixLetter       = "ltr_"
	PrefixAnnouncement = "ann_"
)

// Permissions of letters and announcements.
const (
	MayPostLetters          Permission = "POST_LETTERS"
	MaySeeAnnouncements     Permission = "SEE_ANNOUNCEMENTS"
	MayPrepareAnnouncements Permission = "PREPARE_ANNOUNCEMENTS"
	MayReleaseAnnouncements Permission = "RELEASE_ANNOUNCEMENTS"
)

// Actions of letters and announcements.
const (
	ActionLetterPrinted         Action = "letter.printed"
	ActionLetterPosted          Action = "letter.posted"
	ActionLettersRead           Action = "letter.read"
	ActionAnnouncementPrepared  Action = "announcement.prepared"
	ActionAnnouncementWithdrawn Action = "announcement.withdrawn"
	ActionAnnouncementReleased  Action = "announcement.released"
	ActionAnnouncementStopped   Action = "announcement.stopped"
	ActionAnnouncementResumed   Action = "announcement.resumed"
	ActionAnnouncementTold      Action = "announcement.told"
	ActionAnnouncementsRead     Action = "announcement.read"
)

// Codes of letters and announcements.
const (
	CodeLetterPosted   Code = "LETTER_POSTED"
	CodeLetterUnknown  Code = "LETTER_UNKNOWN"
	CodeClosingTooSoon Code = "CLOSING_TOO_SOON"
	CodeNothingChosen  Code = "NOTHING_CHOSEN"
)

// MailAnnouncement tells of an announcement, in full.
const MailAnnouncement MailTemplate = "announcement"

// TellAnnouncements tells released announcements to the parties that were not
// told yet.
type TellAnnouncements struct{}

// Kind names the job.
func (TellAnnouncements) Kind() string { return "tell_announcements" }
