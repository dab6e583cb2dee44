// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"ininjo/db"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers"
)

// keysCommand works with the keys that sign. It may run while serve does: every
// process knows within keySpread.
type keysCommand struct {
	List   keysListCommand   `cmd:"" help:"List every key that signs or signed, with its purpose and period."`
	Rotate keysRotateCommand `cmd:"" help:"Make a new key in the file of a purpose and publish it; it signs after --key-lead, without a restart."`
	End    keysEndCommand    `cmd:"" help:"End a key that others may know or that is lost: in a minute it signs no more, in no process."`
}

// purposes are the typ of what is signed, as the commands call them.
var purposes = map[string]string{"receipt": receipt.TypReceipt, "heartbeat": receipt.TypHeartbeat, "status-list": receipt.TypStatusList}

type keysListCommand struct {
	Config
}

// Run prints the keys, the oldest first.
func (c *keysListCommand) Run(ctx context.Context, out *output) error {
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	stored, err := s.db.SigningKeys(ctx)
	now := s.clock.Now()
	if err := errors.Join(err, s.stop(ctx)); err != nil {
		return err
	}
	for _, k := range stored {
		fmt.Fprintf(out.stdout, "%s\t%s\tfrom %s\tuntil %s\t%s\n", k.KeyID, k.Purpose, stamp(k.From), stamp(k.Until), standingOf(k, now))
	}
	return nil
}

func standingOf(k db.SigningKey, now time.Time) string {
	switch {
	case now.Before(k.From):
		return "published, signs later"
	case signs(k, now):
		return "signs"
	}
	return "ended"
}

type keysRotateCommand struct {
	Config
	Purpose string `arg:"" enum:"receipt,heartbeat,status-list" help:"receipt, heartbeat or status-list."`
	AtOnce  bool   `help:"The new key signs in a minute and the others end then: for a key that others may know. Who keeps the key set for long cannot verify what is signed next until it asks for it again."`
}

// Run makes a key, publishes it and says from when it signs.
func (c *keysRotateCommand) Run(ctx context.Context, out *output) error {
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	return errors.Join(c.rotate(ctx, s, out), s.stop(ctx))
}

func (c *keysRotateCommand) rotate(ctx context.Context, s *service, out *output) error {
	ring, err := s.keyringFor(ctx, purposes[c.Purpose])
	if err != nil {
		return err
	}
	file := ring.file()
	if file == nil {
		return fmt.Errorf("the keys for %s are kept at %s: make a new key or version there; every process publishes it within %s, and it signs after --key-lead", c.Purpose, ring.names(), keyPoll)
	}
	if c.AtOnce {
		ring.rotation = db.Rotation{Lead: keySpread}
	}
	if err := file.Add(); err != nil {
		return err
	}
	if err := ring.refresh(ctx, false); err != nil {
		return fmt.Errorf("the key was made in %s and is not published yet; a process that runs will do so: %w", file.Path, err)
	}
	published, err := ring.published(ctx)
	if err != nil {
		return err
	}
	fresh := published[ring.newest(file)]
	for kid, k := range published {
		if c.AtOnce && kid != fresh.KeyID {
			if _, err := s.db.StopSigningKey(ctx, k.Purpose, kid, fresh.From); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(out.stdout, "made %s in %s\nit is published now and signs from %s\n", fresh.KeyID, file.Path, stamp(fresh.From))
	fmt.Fprintln(out.stdout, "where processes run on other machines, copy the file there before the former key ends: ininjo keys list")
	return nil
}

type keysEndCommand struct {
	Config
	Purpose string `arg:"" enum:"receipt,heartbeat,status-list" help:"receipt, heartbeat or status-list."`
	KID     string `arg:"" name:"kid" help:"The key, as keys list shows it."`
}

// Run ends the key.
func (c *keysEndCommand) Run(ctx context.Context, out *output) error {
	s, err := c.besideKeys(ctx, out)
	if err != nil {
		return err
	}
	at := s.clock.Now().Add(keySpread)
	ended, err := s.db.StopSigningKey(ctx, purposes[c.Purpose], c.KID, at)
	if err := errors.Join(err, s.stop(ctx)); err != nil {
		return err
	}
	if !ended {
		return fmt.Errorf("there is no key %s for %s that still signs: ininjo keys list", c.KID, c.Purpose)
	}
	fmt.Fprintf(out.stdout, "%s signs no more from %s\na key that is published after that signs at once\n", c.KID, stamp(at))
	return nil
}

// besideKeys opens the database alone: a key that is lost must be ended where the
// service does not start for want of it.
func (c Config) besideKeys(ctx context.Context, out *output) (*service, error) {
	c.beside, c.withoutKeys = true, true
	return c.besideServe(ctx, out)
}

// keyringFor is the keys of a purpose; those of heartbeats and status lists are
// opened where they serve.
func (s *service) keyringFor(ctx context.Context, typ string) (*keyring, error) {
	if typ == receipt.TypReceipt {
		return s.receipts, nil
	}
	places, file := s.config.HeartbeatKeys, heartbeatFile
	if typ == receipt.TypStatusList {
		places, file = s.config.StatusListKeys, statusListFile
	}
	sources, err := s.config.keySources(places, file)
	if err != nil {
		return nil, err
	}
	return s.openKeyring(ctx, typ, sources)
}

// file is the last place that is a file; nil where none is.
func (r *keyring) file() *signers.File {
	var last *signers.File
	for _, source := range r.sources {
		if file, ok := source.(*signers.File); ok {
			last = file
		}
	}
	return last
}

// newest is the kid of the newest key in a file.
func (r *keyring) newest(file *signers.File) string {
	for i, source := range r.sources {
		if source == signers.Source(file) && len(r.held[i]) > 0 {
			return r.held[i][len(r.held[i])-1].signer.KeyID()
		}
	}
	return ""
}

func (r *keyring) names() string {
	var names []string
	for _, source := range r.sources {
		names = append(names, source.Name())
	}
	return strings.Join(names, ", ")
}

// keyID is the form of a key's ID, the thumbprint of RFC 7638, where it looks like
// a flag.
var keyID = regexp.MustCompile(`^-[A-Za-z0-9_-]{42}$`)

// behindFlags puts a key's ID that begins with a hyphen, as one of 64 does, behind
// all flags, where it is taken for none.
func behindFlags(args []string) []string {
	at := slices.IndexFunc(args, keyID.MatchString)
	if at < 0 || args[0] != "keys" || slices.Contains(args, "--") {
		return args
	}
	return append(slices.Delete(slices.Clone(args), at, at+1), "--", args[at])
}
