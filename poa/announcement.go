// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// AnnouncementKind says what an announcement is about.
type AnnouncementKind string

// Kinds of announcements. All but the first reach every party, by post where mail
// is not to be had.
const (
	AnnounceGeneral    AnnouncementKind = "GENERAL"
	AnnounceOutage     AnnouncementKind = "OUTAGE"     // 2.1.1
	AnnounceCompromise AnnouncementKind = "COMPROMISE" // 2.1.1
	AnnounceRecovery   AnnouncementKind = "RECOVERY"   // 6.3.1
	AnnounceClosing    AnnouncementKind = "CLOSING"    // 6.3.3
)

// AnnouncementKinds lists the kinds.
var AnnouncementKinds = []AnnouncementKind{AnnounceGeneral, AnnounceOutage, AnnounceCompromise, AnnounceRecovery, AnnounceClosing}

// Audience says whom an announcement is for.
type Audience string

// Audiences.
const (
	AudienceDelegators Audience = "DELEGATORS"
	AudienceRecipients Audience = "RECIPIENTS"
	AudienceBoth       Audience = "BOTH"
)

// Audiences lists the audiences.
var Audiences = []Audience{AudienceBoth, AudienceDelegators, AudienceRecipients}

// AnnouncementState is where an announcement stands.
type AnnouncementState string

// States of announcements.
const (
	AnnouncementPrepared  AnnouncementState = "PREPARED"
	AnnouncementWithdrawn AnnouncementState = "WITHDRAWN"
	AnnouncementRunning   AnnouncementState = "RUNNING"
	AnnouncementStopped   AnnouncementState = "STOPPED"
	AnnouncementFinished  AnnouncementState = "FINISHED"
)

// AnnouncementText is an announcement (告知情報) to all parties of an audience. It
// holds no personal data.
type AnnouncementText struct {
	ID       string
	Kind     AnnouncementKind
	Audience Audience
	// Letters tells that whoever has no mail gets it by post.
	Letters          bool
	TitleJa, TitleEn string
	TextJa, TextEn   string
	// ClosesOn is the last day of the service (6.3.3); zero for other kinds.
	ClosesOn Date

	PreparedBy, ReleasedBy, WithdrawnBy, StoppedBy string
	PreparedAt, ReleasedAt, WithdrawnAt, StoppedAt time.Time
	// FinishedAt is when the last party was told.
	FinishedAt time.Time
	// Parties is how many there were at the release, Told how many were told.
	Parties, Told int
	// Reached is the ID of the last party that was told.
	Reached string
}

// State returns where the announcement stands.
func (t AnnouncementText) State() AnnouncementState {
	switch {
	case !t.WithdrawnAt.IsZero():
		return AnnouncementWithdrawn
	case t.ReleasedAt.IsZero():
		return AnnouncementPrepared
	case !t.FinishedAt.IsZero():
		return AnnouncementFinished
	case !t.StoppedAt.IsZero():
		return AnnouncementStopped
	default:
		return AnnouncementRunning
	}
}

// In returns title and text in a language, Japanese where there is no other.
func (t AnnouncementText) In(language string) (title, text string) {
	if language == "en" {
		return t.TitleEn, t.TextEn
	}
	return t.TitleJa, t.TextJa
}

// PublishedID is the ID of the announcement in the repository.
func (t AnnouncementText) PublishedID() string {
	return PrefixTerms + strings.TrimPrefix(t.ID, PrefixAnnouncement)
}

// Path is where the repository has it.
func (t AnnouncementText) Path() string { return "/repository/" + t.PublishedID() }

func (t AnnouncementText) notice() NoticeType {
	if t.Kind == AnnounceClosing {
		return NoticeClosing
	}
	return NoticeAnnouncement
}

// Informed is a party that was told of an announcement.
type Informed struct {
	PartyID string
	// Mails is how many addresses it was mailed to.
	Mails int
}

// AudienceParty is a party of an audience.
type AudienceParty struct{ ID, Language string }

// Reach counts who was reached by which channel. Everybody who was told finds the
// notice in its sequence: change feed and GraphQL.
type Reach struct {
	Told int
	// Mailed is how many parties got a message, Webhooks how many an answered
	// webhook (of the last 90 days).
	Mailed, Webhooks int
	// Letters is how many get a letter, Posted how many of them were posted.
	Letters, Posted int
	// Waiting is how many parties have neither yet.
	Waiting int
}

// closingAhead is how long before its end the service must tell (6.3.3).
const closingAhead = 90

// AnnouncementInput prepares an announcement.
type AnnouncementInput struct {
	IdempotencyKey string           `json:"idempotencyKey" validate:"required,max=128,line"`
	Kind           AnnouncementKind `json:"kind" validate:"required,oneof=GENERAL OUTAGE COMPROMISE RECOVERY CLOSING"`
	Audience       Audience         `json:"audience" validate:"required,oneof=DELEGATORS RECIPIENTS BOTH"`
	Letters        bool             `json:"letters"`
	TitleJa        string           `json:"titleJa" validate:"required,max=100,line"`
	TitleEn        string           `json:"titleEn" validate:"required,max=200,line"`
	TextJa         string           `json:"textJa" validate:"required,max=8000,text"`
	TextEn         string           `json:"textEn" validate:"required,max=16000,text"`
	// ClosesOn is wanted where the service closes: 90 days ahead at least.
	ClosesOn Date `json:"closesOn,omitzero"`
}

func (in AnnouncementInput) check(today Date) Faults {
	faults := checkInput(in)
	if in.Kind != AnnounceClosing {
		return faults
	}
	if in.Audience != AudienceBoth {
		faults.Add(CodeInvalid, "audience") // all parties (6.3.3)
	}
	return append(faults, checkClosing(in.ClosesOn, today)...)
}

func checkClosing(closesOn, today Date) Faults {
	var faults Faults
	switch {
	case closesOn.IsZero():
		faults.Add(CodeRequired, "closesOn")
	case closesOn.Before(today.AddDays(closingAhead)):
		faults.Add(CodeClosingTooSoon, "closesOn", "bound", fmt.Sprint(closingAhead))
	}
	return faults
}

// PrepareAnnouncement prepares an announcement. Another person releases it.
func (n *Notifier) PrepareAnnouncement(ctx context.Context, actor Actor, in AnnouncementInput) (string, error) {
	if err := n.permit(ctx, actor, MayPrepareAnnouncements, ActionAnnouncementPrepared); err != nil {
		return "", err
	}
	return n.perform(ctx, actor, ActionAnnouncementPrepared, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := in.check(DateOf(a.now)).Err(); err != nil {
			return "", err
		}
		t := AnnouncementText{ID: NewID(PrefixAnnouncement), Kind: in.Kind, Audience: in.Audience, Letters: in.Letters || in.Kind != AnnounceGeneral,
			TitleJa: in.TitleJa, TitleEn: in.TitleEn, TextJa: in.TextJa, TextEn: in.TextEn, PreparedBy: actor.ID, PreparedAt: a.now}
		if in.Kind == AnnounceClosing {
			t.ClosesOn = in.ClosesOn
		}
		a.note("kind", string(t.Kind))
		return t.ID, a.InsertAnnouncement(ctx, t)
	})
}

// moveAnnouncement changes where an announcement stands: from one of the states,
// else CONFLICT.
func (n *Notifier) moveAnnouncement(ctx context.Context, actor Actor, action Action, key, id string, from AnnouncementState, move func(context.Context, *act, *AnnouncementText) error) error {
	_, err := n.perform(ctx, actor, action, key, id, func(ctx context.Context, a *act) (string, error) {
		if !IsID(id, PrefixAnnouncement) {
			return "", ErrNotFound
		}
		t, err := a.LockAnnouncement(ctx, id)
		if err != nil {
			return "", err
		}
		if t.State() != from {
			return "", ErrConflict
		}
		if err := move(ctx, a, &t); err != nil {
			return "", err
		}
		return id, a.MoveAnnouncement(ctx, t)
	})
	return err
}

// WithdrawAnnouncement takes a prepared announcement back, for good.
func (n *Notifier) WithdrawAnnouncement(ctx context.Context, actor Actor, key, id string) error {
	if err := n.permit(ctx, actor, MayPrepareAnnouncements, ActionAnnouncementWithdrawn); err != nil {
		return err
	}
	return n.moveAnnouncement(ctx, actor, ActionAnnouncementWithdrawn, key, id, AnnouncementPrepared, func(_ context.Context, a *act, t *AnnouncementText) error {
		t.WithdrawnBy, t.WithdrawnAt = actor.ID, a.now
		return nil
	})
}

// ReleaseAnnouncement releases an announcement: another person than the one who
// prepared it, who has read it. It stands in the repository with this commit
// (2.5), and the telling begins.
func (n *Notifier) ReleaseAnnouncement(ctx context.Context, actor Actor, key, id string) error {
	if err := n.permit(ctx, actor, MayReleaseAnnouncements, ActionAnnouncementReleased); err != nil {
		return err
	}
	return n.moveAnnouncement(ctx, actor, ActionAnnouncementReleased, key, id, AnnouncementPrepared, func(ctx context.Context, a *act, t *AnnouncementText) error {
		if t.PreparedBy == actor.ID {
			return ErrForbidden
		}
		if t.Kind == AnnounceClosing {
			if err := checkClosing(t.ClosesOn, DateOf(a.now)).Err(); err != nil {
				return err
			}
		}
		var err error
		if t.Parties, err = a.CountAudience(ctx, t.Audience); err != nil {
			return fmt.Errorf("counting parties: %w", err)
		}
		t.ReleasedBy, t.ReleasedAt = actor.ID, a.now
		a.note("parties", fmt.Sprint(t.Parties))
		if err := a.InsertPublished(ctx, t.published(a.now)); err != nil {
			return fmt.Errorf("publishing announcement: %w", err)
		}
		return a.Enqueue(ctx, TellAnnouncements{}, time.Time{})
	})
}

// published is the announcement as it stands in the repository, in both
// languages.
func (t AnnouncementText) published(now time.Time) Published {
	body := t.TextJa + "\n\n" + t.TitleEn + "\n\n" + t.TextEn
	if !t.ClosesOn.IsZero() {
		body = "取扱業務の終了日 / Last day of the service: " + t.ClosesOn.String() + "\n\n" + body
	}
	return Published{ID: t.PublishedID(), Kind: Announcement, Version: strings.TrimPrefix(t.ID, PrefixAnnouncement), Title: t.TitleJa, Body: body, EffectiveFrom: DateOf(now),
		PublishedAt: now, SHA256: digest([]byte(body))}
}

// StopAnnouncement lets no further party be told, until it is resumed.
func (n *Notifier) StopAnnouncement(ctx context.Context, actor Actor, key, id string) error {
	if err := n.permit(ctx, actor, MayReleaseAnnouncements, ActionAnnouncementStopped); err != nil {
		return err
	}
	return n.moveAnnouncement(ctx, actor, ActionAnnouncementStopped, key, id, AnnouncementRunning, func(_ context.Context, a *act, t *AnnouncementText) error {
		t.StoppedBy, t.StoppedAt = actor.ID, a.now
		return nil
	})
}

// ResumeAnnouncement goes on with a stopped announcement from where it was.
func (n *Notifier) ResumeAnnouncement(ctx context.Context, actor Actor, key, id string) error {
	if err := n.permit(ctx, actor, MayReleaseAnnouncements, ActionAnnouncementResumed); err != nil {
		return err
	}
	return n.moveAnnouncement(ctx, actor, ActionAnnouncementResumed, key, id, AnnouncementStopped, func(ctx context.Context, a *act, t *AnnouncementText) error {
		t.StoppedBy, t.StoppedAt = "", time.Time{}
		return a.Enqueue(ctx, TellAnnouncements{}, time.Time{})
	})
}
