// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Request is a webhook to be posted.
type Request struct {
	URL    string
	Header http.Header
	Body   []byte
	// ClientCertificate is shown where the endpoint asks for one; nil for none.
	ClientCertificate *ClientCertificate
}

// ClientCertificate is what a poster shows as TLS client, as PEM.
type ClientCertificate struct{ Chain, Key string }

// Response is what became of a post.
type Response struct {
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Error is one of the codes below; "" where the endpoint answered 2xx.
	Error string
	// Body is the beginning of what was answered.
	Body []byte
	// RetryAfter is for how long the endpoint asked to be left alone, whatever its
	// status: 0 to 24 h, 0 where it said nothing.
	RetryAfter time.Duration
}

// Codes of what went wrong with a post. The texts of errors are not kept: they
// carry addresses.
const (
	PostTimeout    = "TIMEOUT"
	PostRefused    = "REFUSED"
	PostTLS        = "TLS"
	PostNotAllowed = "ADDRESS_NOT_ALLOWED"
	PostDNS        = "DNS"
	PostTooLarge   = "TOO_LARGE"
	PostStatus     = "STATUS"
	PostInvalid    = "INVALID"
)

// Poster posts webhooks. Implemented by server/outside/webhook, which bounds
// time and size and refuses private addresses at every dial.
type Poster interface {
	Post(ctx context.Context, r Request) Response
}

// Message is a mail ready to be sent.
type Message struct {
	// ID stays the same over every attempt: the Message-ID is made of it, so
	// that a reader sees a message that was handed over twice once.
	ID        string
	To        string
	Language  string
	Subject   string
	Text      string
	HTML      string
	CreatedAt time.Time
	// Unsubscribe is where a POST ends such mail to this address (RFC 8058); ""
	// where it cannot be unsubscribed from.
	Unsubscribe string
	// ReturnPath is where servers on the way report that they could not deliver
	// it; "" for the sender.
	ReturnPath string
}

// ErrMailRefused means that the server refused the message for good (SMTP 5xx
// to the recipient or the message): sending it again is of no use.
var ErrMailRefused = errors.New("the mail server refused the message")

// Refusal is an [ErrMailRefused] of a server, with what it answered.
type Refusal struct {
	// Address tells that it refused the recipient, else the message.
	Address bool
	// Reply is its answer, e.g. 550; Status its enhanced status code, e.g. 5.1.1,
	// or "".
	Reply  int
	Status string
}

// Error says what was answered, without the server's words.
func (r *Refusal) Error() string { return fmt.Sprintf("sending mail: the server answered %d", r.Reply) }

// Unwrap returns ErrMailRefused.
func (r *Refusal) Unwrap() error { return ErrMailRefused }

// Mailer hands messages over. Implemented by server/outside/mail. Its errors
// hold no addresses.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// Upkeep keeps the database in order. Implemented by db.
type Upkeep interface {
	// MakePartitions makes the audit tables' partitions three months ahead.
	MakePartitions(ctx context.Context, now time.Time) error
	// IndexInquiries takes what was asked up to half a minute ago into the index
	// by recipient.
	IndexInquiries(ctx context.Context, now time.Time) error
	// RebuildSearch fills the unlogged table of search hashes where a crash
	// emptied it.
	RebuildSearch(ctx context.Context) error
}

// Leader lets one process at a time lead. Implemented by db with an advisory
// lock.
type Leader interface {
	// Lead waits until this process leads, calls lead and returns what it
	// returns.
	Lead(ctx context.Context, lead func(ctx context.Context) error) error
	// Wait returns when changes were announced, or after maximum. It is called
	// with lead's context; an error means that this process leads no longer.
	Wait(ctx context.Context, maximum time.Duration) error
	// Ahead returns a context whose transactions do not queue for a session of the
	// database behind people's acts. Lead's context is one.
	Ahead(ctx context.Context) context.Context
}
