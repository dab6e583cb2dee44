// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ininjo/poa"
)

// Config is what the room is given. A process that only enqueues needs Schema
// and Log; everything is needed to work.
type Config struct {
	// Pool carries River: prepared statements, the program's role.
	Pool *pgxpool.Pool
	// Schema holds River's tables; empty means "river".
	Schema string

	Enrollment *poa.Enrollment
	Notifier   *poa.Notifier
	Registrar  *poa.Registrar
	Access     *poa.Access
	Titles     *poa.Titles
	Retention  *poa.Retention
	Records    *poa.Records
	Upkeep     Upkeep
	Leader     Leader
	Webhook    Poster
	// Due is sent to where deliveries became due by an act of this process; nil is
	// never sent to, and due deliveries are found a little later.
	Due <-chan struct{}
	// Lease is for how long a delivery is in a process's hand before another takes
	// it over; zero means a minute. It must be well above a webhook's deadline.
	Lease  time.Duration
	Mailer Mailer
	// Policy gives mail its service name and contact point (1.3).
	Policy poa.Policy
	// Clock is the service's, MachineClock the machine's: what others compare
	// with their own clock (webhook-timestamp) and how long things take.
	Clock        poa.Clock
	MachineClock poa.Clock
	Log          *slog.Logger
	// WebhookKeys sign every webhook beside the endpoint's own secret (`v1a`); more
	// than one while a rotation overlaps.
	WebhookKeys []WebhookKey
	// StatusLists publishes the signed status lists; nil where none are.
	StatusLists StatusLists
	// Version stands in the user agent of webhooks.
	Version string
	// Retries says how long after which failure to try again; the zero Retries
	// are the defaults.
	Retries Retries
}

// Retries are the waits between attempts. As many waits, as many attempts
// beyond the first.
type Retries struct {
	Webhook []time.Duration
	Mail    []time.Duration
	// Stamp is for time stamps; after the last the hourly round begins anew.
	Stamp []time.Duration
}

// DefaultRetries returns the example of Standard Webhooks 1.0.0 for webhooks
// (ten attempts in three days), and three days for mail (RFC 5321, 4.5.4.1
// wants four to five at a relay, which is behind us).
func DefaultRetries() Retries {
	return Retries{
		Webhook: []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
			10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour},
		Mail: []time.Duration{30 * time.Second, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
			8 * time.Hour, 12 * time.Hour, 20 * time.Hour, 24 * time.Hour},
		Stamp: []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour},
	}
}

func (c Config) withDefaults() Config {
	if c.Schema == "" {
		c.Schema = "river"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Lease == 0 {
		c.Lease = time.Minute
	}
	if c.MachineClock == nil {
		c.MachineClock = poa.SystemClock{}
	}
	defaults := DefaultRetries()
	if c.Retries.Webhook == nil {
		c.Retries.Webhook = defaults.Webhook
	}
	if c.Retries.Mail == nil {
		c.Retries.Mail = defaults.Mail
	}
	if c.Retries.Stamp == nil {
		c.Retries.Stamp = defaults.Stamp
	}
	return c
}

func (c Config) check() error {
	switch {
	case c.Pool == nil:
		return errors.New("opening jobs: no pool was given")
	case c.Enrollment == nil, c.Notifier == nil, c.Registrar == nil, c.Access == nil, c.Titles == nil, c.Retention == nil, c.Records == nil, c.Upkeep == nil, c.Leader == nil, c.Webhook == nil, c.Mailer == nil, c.Clock == nil:
		return errors.New("opening jobs: a rule, an interface or the clock is missing")
	}
	return nil
}
