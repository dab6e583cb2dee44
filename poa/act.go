// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// act is one act of an actor inside its transaction: what changes, the audit
// event of it, its outbox row and its jobs commit together or not at all.
type act struct {
	Tx
	actor Actor
	now   time.Time
	// eventID is that of the act's audit event; facts name it.
	eventID string
	// subject and data go into the audit event.
	subject string
	data    map[string]string
}

func (a *act) note(name, value string) {
	if a.data == nil {
		a.data = map[string]string{}
	}
	a.data[name] = value
}

// office is what every chapter's type has: a clock and a store.
type office struct {
	clock Clock
	store Store
}

// perform runs an act once for its idempotency key and returns the ID of what
// it made. With the same key and input it returns the first ID again and does
// nothing; with another input CONFLICT. A refusal leaves its audit event and
// nothing else. An empty key stands for an act that is idempotent by itself.
func (o office) perform(ctx context.Context, actor Actor, action Action, key string, input any, do func(context.Context, *act) (string, error)) (string, error) {
	a := &act{actor: actor, eventID: NewID(PrefixEvent)}
	digest, err := inputDigest(action, input)
	if err != nil {
		return "", err
	}
	var made string
	err = o.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		a.Tx, a.now, a.data, a.subject = tx, o.clock.Now(), nil, ""
		if err := checkKey(key).Err(); err != nil {
			return err
		}
		if key != "" {
			kept, err := tx.Remember(ctx, actor.scope(), key, digest, a.now)
			if err != nil || kept != "" {
				made = kept
				return err
			}
		}
		id, err := do(ctx, a)
		if err != nil {
			return err
		}
		made = id
		if a.subject == "" {
			a.subject = id
		}
		if err := tx.Audit(ctx, a.event(action, OutcomeDone)); err != nil {
			return fmt.Errorf("auditing %s: %w", action, err)
		}
		if key == "" {
			return nil
		}
		return tx.Keep(ctx, actor.scope(), key, id)
	})
	if err != nil {
		return "", o.refused(ctx, a, action, digest, err)
	}
	return made, nil
}

// maxKey bounds an idempotency key, as the tags of the inputs do.
const maxKey = 128

// checkKey bounds keys that no input's tags bound.
func checkKey(key string) Faults {
	var faults Faults
	switch {
	case utf8.RuneCountInString(key) > maxKey:
		faults.Add(CodeTooLong, "idempotencyKey", "bound", fmt.Sprint(maxKey))
	case !printable(key, ""):
		faults.Add(CodeForbiddenCharacter, "idempotencyKey")
	}
	return faults
}

// refused records that an act was refused and returns why. An internal error
// is not a refusal: it is the log's, not the audit's.
func (o office) refused(ctx context.Context, a *act, action Action, digest [32]byte, cause error) error {
	code := CodeOf(cause)
	if code == CodeInternal || code == CodeUnavailable {
		return cause
	}
	var faults Faults
	if errors.As(cause, &faults) && len(faults) > 0 {
		code = faults[0].Code
	}
	a.eventID, a.now = NewID(PrefixEvent), o.clock.Now()
	a.data = map[string]string{"input": fmt.Sprintf("%x", digest)}
	err := o.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Audit(ctx, a.event(action, string(code)))
	})
	if err != nil {
		return fmt.Errorf("auditing refusal of %s: %w", action, err)
	}
	return cause
}

func (a *act) event(action Action, outcome string) AuditEvent {
	return AuditEvent{ID: a.eventID, At: a.now, ActorKind: a.actor.Kind, ActorID: a.actor.ID, PartyID: a.actor.PartyID,
		Action: action, SubjectID: a.subject, Outcome: outcome, Data: a.data}
}

// scope bounds an idempotency key to its actor.
func (a Actor) scope() string {
	if a.Scope != "" {
		return string(a.Kind) + ":" + a.Scope
	}
	return string(a.Kind) + ":" + a.ID
}

// inputDigest is the SHA-256 of action and input. The store keys it before it
// keeps it, since an input may hold personal data.
func inputDigest(action Action, input any) ([32]byte, error) {
	b, err := json.Marshal(input)
	if err != nil {
		return [32]byte{}, fmt.Errorf("encoding input of %s: %w", action, err)
	}
	return sha256.Sum256(append([]byte(action+"\n"), b...)), nil
}

// useLink spends a one-time link; LINK_OVER where it was spent or is over.
func (a *act) useLink(ctx context.Context, id string) error {
	err := a.UseLink(ctx, id, a.now)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return Faults{newFault(CodeLinkOver, "token")}
	}
	if err != nil {
		return fmt.Errorf("using link: %w", err)
	}
	return nil
}

// mailAll writes mails and has them sent, in the act's transaction.
func (a *act) mailAll(ctx context.Context, mails []Mail) error {
	jobs := make(JobBatch, len(mails))
	for i := range mails {
		mails[i].ID, mails[i].CreatedAt = NewID(PrefixMail), a.now
		jobs[i] = TimedJob{Job: SendMail{MailID: mails[i].ID}}
	}
	if len(mails) == 0 {
		return nil
	}
	if err := a.InsertMails(ctx, mails); err != nil {
		return fmt.Errorf("inserting mails: %w", err)
	}
	return a.Enqueue(ctx, jobs, time.Time{})
}

// mail stores a message and the job that sends it.
func (a *act) mail(ctx context.Context, m Mail) error {
	m.ID, m.CreatedAt = NewID(PrefixMail), a.now
	if err := a.InsertMail(ctx, m); err != nil {
		return fmt.Errorf("inserting mail %s: %w", m.Template, err)
	}
	return a.Enqueue(ctx, SendMail{MailID: m.ID}, time.Time{})
}
