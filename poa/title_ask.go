// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/kanji"
)

// Registry asks professional bodies that offer an interface. Implemented by
// server/outside/registry.
type Registry interface {
	// Connected lists the qualifications whose body can be asked.
	Connected() []Qualification
	// Look asks for a registration. An error means that there was no answer that
	// could be read; see [RegistrySilent].
	Look(ctx context.Context, q RegistryQuestion) (RegistryAnswer, error)
	// States tells how each connection stands, for staff.
	States() []RegistryState
}

// RegistryQuestion asks for a registration by its number, within the body's
// rate.
type RegistryQuestion struct {
	Qualification Qualification
	Number        string
	PerSecond     float64
}

// RegistryAnswer is what a registry says of a registration.
type RegistryAnswer struct {
	// Standing is REGISTERED, SUSPENDED, STRUCK_OFF or NOT_FOUND.
	Standing     TitleStanding
	Number       string
	Name, Office string
	From, Until  Date
	// AsOf is the state of the registry that the answer rests on.
	AsOf time.Time
}

// RegistryState is how a connection to a registry stands.
type RegistryState struct {
	Qualification Qualification
	// State is CLOSED (it is asked), OPEN (it is not, after failures) or HALF_OPEN
	// (it is tried).
	State string
	// Failures are those in a row.
	Failures int
}

// RegistrySilent is the error of a registry without an answer: it says after
// how long it may be asked again, zero for the caller to choose.
type RegistrySilent struct {
	RetryAfter time.Duration
	Cause      error
}

// Error names the cause, for the log.
func (e *RegistrySilent) Error() string { return fmt.Sprintf("the registry is silent: %v", e.Cause) }

// Unwrap returns the cause.
func (e *RegistrySilent) Unwrap() error { return e.Cause }

// silentWait is how long after a failure a registry is asked again where it did
// not say.
const silentWait = 10 * time.Minute

// Ask works a round off: where the body has a connector it is asked, else a case
// is opened. Again is how long to wait before the next try, 0 where it is done.
// Working a round off twice does nothing.
func (t *Titles) Ask(ctx context.Context, job AskTitle) (again time.Duration, err error) {
	title, err := t.store.Title(ctx, job.DelegationID)
	if errors.Is(err, ErrNotFound) || err == nil && (title.Round != job.Round || title.State != TitleWaiting) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading title: %w", err)
	}
	if !t.connected(title.Qualification) {
		return 0, t.handOver(ctx, title)
	}
	if !title.Engaged { // a person must ask about the engagement, whatever the registry says
		if err := t.handOver(ctx, title); err != nil {
			return 0, err
		}
	}
	answer, err := t.look(ctx, title)
	var silent *RegistrySilent
	switch {
	case errors.As(err, &silent) && t.clock.Now().Sub(title.AskAt) >= t.policy.TitleOutage:
		return 0, t.handOver(ctx, title) // the connector was silent for too long
	case errors.As(err, &silent):
		return t.patience(silent, title), nil
	case err != nil:
		return 0, err
	}
	return 0, t.answered(ctx, title, answer)
}

// patience is how long to wait for a silent registry: as long as it said, but
// not beyond when a person looks in its stead.
func (t *Titles) patience(silent *RegistrySilent, title Title) time.Duration {
	wait := silent.RetryAfter
	if wait <= 0 {
		wait = silentWait
	}
	left := title.AskAt.Add(t.policy.TitleOutage).Sub(t.clock.Now())
	return max(min(wait, left), time.Second)
}

func (t *Titles) connected(q Qualification) bool {
	if t.registry == nil {
		return false
	}
	for _, c := range t.registry.Connected() {
		if c == q {
			return true
		}
	}
	return false
}

func (t *Titles) look(ctx context.Context, title Title) (RegistryAnswer, error) {
	d, err := t.store.Delegation(ctx, title.DelegationID)
	if err != nil {
		return RegistryAnswer{}, fmt.Errorf("reading delegation: %w", err)
	}
	versions, err := t.store.BodyVersions(ctx, title.Qualification)
	if err != nil || len(versions) == 0 {
		return RegistryAnswer{}, fmt.Errorf("reading professional body: %w", err)
	}
	return t.registry.Look(ctx, RegistryQuestion{Qualification: title.Qualification, Number: foldNumber(d.Contents.Delegate.Identification), PerSecond: versions[0].ConnectorPerSecond})
}

// handOver opens the round's case, with link and keys on its page.
func (t *Titles) handOver(ctx context.Context, title Title) error {
	return t.onRound(ctx, ActionTitleOpened, title, func(ctx context.Context, a *act, d Delegation, _ Title) error { return a.waitForPerson(ctx, d) })
}

// answered records what the registry said as a look by the connector.
func (t *Titles) answered(ctx context.Context, title Title, answer RegistryAnswer) error {
	return t.onRound(ctx, ActionTitleAsked, title, func(ctx context.Context, a *act, d Delegation, title Title) error {
		look := TitleLook{ID: NewID(PrefixLook), Machine: true, By: Connector, Standing: answer.Standing, SeenAt: a.now,
			Seen: TitleSeen{Number: answer.Number, Name: answer.Name, Office: answer.Office, From: answer.From, Until: answer.Until}}
		if answer.Name != "" {
			look.Name = kanji.CompareName(answer.Name, d.Contents.Delegate.Name).Result
		}
		if as := exactly(answer.AsOf); !as.IsZero() && as.Before(a.now) {
			look.SeenAt = as
		}
		if a.now.Sub(look.SeenAt) > maxLookAge { // too old to say how it stands today
			look.Standing = SeenUnreachable
		}
		return t.record(ctx, a, d, title, look)
	})
}

// onRound acts on a round that is still open; where it no longer is, or the
// delegation ended, there is nothing left to do.
func (t *Titles) onRound(ctx context.Context, action Action, asked Title, do func(context.Context, *act, Delegation, Title) error) error {
	errOver := errors.New("the round is over")
	_, err := t.perform(ctx, System, action, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.subject = string(asked.DelegationID)
		d, title, err := t.open(ctx, a, asked.DelegationID)
		var ended Faults
		if errors.As(err, &ended) || err == nil && (title.Round != asked.Round || title.State != TitleWaiting) {
			return "", errOver
		}
		if err != nil {
			return "", err
		}
		return string(d.ID), do(ctx, a, d, title)
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// EndOver closes the checks of delegations that ended by their term, with their
// cases, and returns how many. It runs before rounds are opened.
func (t *Titles) EndOver(ctx context.Context) (int, error) {
	ended := 0
	errNone := errors.New("nothing ended")
	_, err := t.perform(ctx, System, ActionTitlesOver, "", nil, func(ctx context.Context, a *act) (string, error) {
		var err error
		if ended, err = a.EndTitles(ctx, a.now); err != nil {
			return "", fmt.Errorf("ending titles: %w", err)
		}
		if ended == 0 {
			return "", errNone // no event for nothing
		}
		a.note("ended", fmt.Sprint(ended))
		return "titles", nil
	})
	if errors.Is(err, errNone) {
		return 0, nil
	}
	return ended, err
}

// titleBatch is how many rounds one transaction opens.
const titleBatch = 20_000

// OpenDue opens the rounds of titles that are due to be asked for again, with
// the jobs that work them off, each in its time within the body's rate, and
// returns how many; call it until it returns 0. Several at once open nothing
// twice.
func (t *Titles) OpenDue(ctx context.Context) (int, error) {
	any, err := t.store.AnyTitleDue(ctx, t.clock.Now())
	if err != nil || !any {
		return 0, err
	}
	opened := 0
	_, err = t.perform(ctx, System, ActionTitlesDue, "", nil, func(ctx context.Context, a *act) (string, error) {
		var connected []Qualification
		if t.registry != nil {
			connected = t.registry.Connected()
		}
		asks, err := a.OpenDueTitles(ctx, connected, a.now, titleBatch)
		if err != nil {
			return "", fmt.Errorf("opening rounds: %w", err)
		}
		jobs := make([]TimedJob, len(asks))
		for i, ask := range asks {
			jobs[i] = TimedJob{AskTitle{DelegationID: ask.DelegationID, Round: ask.Round}, ask.AskAt}
		}
		opened = len(asks)
		a.note("opened", fmt.Sprint(opened))
		return "titles", a.EnqueueAll(ctx, jobs)
	})
	return opened, err
}
