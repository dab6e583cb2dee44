// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// TitleTx changes professional bodies and the checks of titles.
type TitleTx interface {
	// InsertBody stores a version of a body; ErrConflict where it is there.
	InsertBody(ctx context.Context, b ProfessionalBody) error
	// OpenTitle stores a title of a filing with its first round.
	OpenTitle(ctx context.Context, t Title) error
	// LockTitle reads a title and locks its row.
	LockTitle(ctx context.Context, id DelegationID) (Title, error)
	// UpdateTitle stores a title of the round that it had when it was locked.
	UpdateTitle(ctx context.Context, t Title) error
	// NextRound stores a title that is asked for again, with its new round.
	NextRound(ctx context.Context, t Title) error
	// InsertLook appends a look; its number is drawn under the title's lock.
	InsertLook(ctx context.Context, l TitleLook) error
	// OpenDueTitles opens a round of at most limit titles that are due and hands
	// out when each is asked, within its body's rate: the connector's for those
	// qualifications, else that of checks by hand. Two calls at once wait for one
	// another and open nothing twice.
	OpenDueTitles(ctx context.Context, connected []Qualification, now time.Time, limit int) ([]TitleAsk, error)
	// EndTitles closes the checks of delegations that ended, with their cases.
	EndTitles(ctx context.Context, now time.Time) (int, error)
	// EnqueueAll inserts jobs in the transaction, many at a time.
	EnqueueAll(ctx context.Context, jobs []TimedJob) error
}

// TitleReader reads professional bodies and the checks of titles.
type TitleReader interface {
	// ProfessionalBodies returns the newest version of each body.
	ProfessionalBodies(ctx context.Context) ([]ProfessionalBody, error)
	// BodyVersions returns every version of a body, the newest first.
	BodyVersions(ctx context.Context, q Qualification) ([]ProfessionalBody, error)
	Title(ctx context.Context, id DelegationID) (Title, error)
	// Titles lists titles in the order in which they are to be asked, or were.
	Titles(ctx context.Context, f TitleFilter, p Page) (List[Title], error)
	// Looks returns every look at a title, the oldest first.
	Looks(ctx context.Context, id DelegationID) ([]TitleLook, error)
	// AnyTitleDue reports whether a title is due to be asked for again; an event
	// is audited only where one is.
	AnyTitleDue(ctx context.Context, now time.Time) (bool, error)
}

// TitleFilter narrows lists of titles.
type TitleFilter struct {
	// States is empty for every state.
	States []TitleState
	// Now hides titles that are not to be asked yet; zero shows all.
	Now           time.Time
	Qualification Qualification
}

// TimedJob is a job and when it is worked off; the zero At means now.
type TimedJob struct {
	Job Job
	At  time.Time
}

// JobBatch is many jobs that are inserted at once. It is no job itself.
type JobBatch []TimedJob

// Kind says that it is no job.
func (JobBatch) Kind() string { return "batch" }
