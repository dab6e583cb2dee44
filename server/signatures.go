// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
)

// evidenceConfig is what of the settings concerns evidence and waiting for
// status.
type evidenceConfig struct {
	// WeakFrom are the days from which digests no longer protect.
	WeakFrom []string `name:"weak-from" env:"ININJO_WEAK_FROM" help:"Days from which a digest no longer protects, SHA-256=2035-01-01 each: time stamps over it are renewed with a stronger one before."`
	// StampHash is the digest of new time stamps.
	StampHash string `default:"SHA-256" enum:"SHA-256,SHA-384,SHA-512" env:"ININJO_STAMP_HASH" help:"Digest of new time stamps; a weak one gives way to the next stronger."`
	// StampAheadDays is how long before its certificate ends a stamp is renewed.
	StampAheadDays int `name:"stamp-ahead" default:"180" env:"ININJO_STAMP_AHEAD" help:"Days before its certificate ends in which a time stamp is renewed at the latest."`
	// StatusOutage is how long a source may be silent before a person is told.
	StatusOutage time.Duration `default:"4h" env:"ININJO_STATUS_OUTAGE" help:"How long a filing may wait for the status of a certificate before reception is told by a case."`
}

// check refuses what cannot be meant.
func (c evidenceConfig) check() error {
	if c.StampAheadDays < 0 || c.StatusOutage < 0 {
		return errors.New("--stamp-ahead and --status-outage are above zero")
	}
	_, err := c.weakFrom()
	return err
}

// hashes are the digests that a time stamp may be over.
var hashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}

func hashNamed(name string) (crypto.Hash, bool) {
	at := slices.IndexFunc(hashes, func(h crypto.Hash) bool { return h.String() == name })
	if at < 0 {
		return 0, false
	}
	return hashes[at], true
}

func (c evidenceConfig) weakFrom() (map[crypto.Hash]time.Time, error) {
	weak := map[crypto.Hash]time.Time{}
	for _, text := range c.WeakFrom {
		name, day, _ := strings.Cut(text, "=")
		hash, known := hashNamed(name)
		from, err := time.ParseInLocation(time.DateOnly, day, poa.JST)
		if !known || err != nil {
			return nil, errors.New("--weak-from is HASH=YYYY-MM-DD, as SHA-256=2035-01-01")
		}
		weak[hash] = from.UTC()
	}
	return weak, nil
}

// evidencePolicy brings the settings into the policy.
func (c evidenceConfig) evidencePolicy(p *poa.Policy) {
	p.WeakFrom, _ = c.weakFrom() // check read it already
	if hash, known := hashNamed(c.StampHash); known {
		p.StampHash = hash
	}
	if c.StampAheadDays > 0 {
		p.StampAhead = time.Duration(c.StampAheadDays) * day
	}
	if c.StatusOutage > 0 {
		p.StatusOutage = c.StatusOutage
	}
}

// stampPatience is how long evidence may be without a time stamp, or with one
// that is overdue, before the operator is warned.
const stampPatience = 24 * time.Hour

// equipVerification gives the registrar whom to ask about certificates and for
// time stamps, and says at the start what is not set up.
func (s *service) equipVerification(profile jpki.Profile) error {
	roots := []*jpki.Roots{profile.Roots}
	for _, method := range profile.Methods {
		roots = append(roots, method.Roots)
	}
	// The demo lives its past first: what its authority answers is of its clock.
	source, err := s.config.statusSource(s.clock, s.log, s.db, roots...)
	if err != nil {
		return err
	}
	stamper, stampRoots, err := s.config.timestampConfig.open(s.clock, s.config.demo)
	if err != nil {
		return err
	}
	v := poa.Verification{Mode: poa.Mode(s.config.VerificationMode), Status: source, StampRoots: stampRoots, Software: version()}
	if stamper != nil { // a nil pointer in the interface would be no nil
		v.Stamper = stamper
	}
	if s.config.demo {
		v.Mode = poa.ModeDemo
	}
	s.warnOfVerification(v)
	s.chapters.registrar.Equip(v)
	s.chapters.titles.DecideWith(s.chapters.registrar)
	s.evidenceGauges()
	return nil
}

// warnOfVerification says what a person must do since nobody is set to be asked.
func (s *service) warnOfVerification(v poa.Verification) {
	if s.config.beside {
		return
	}
	if v.Status == nil {
		s.log.Warn("no --status and no --platform-url: nobody is asked whether certificates are revoked, and a person decides on every filing")
	}
	if v.Stamper == nil {
		s.log.Warn("no --tsa: evidence is kept without time stamps until one is set; it proves less without")
	}
}

// evidenceGauges shows how the time stamps of evidence stand.
func (s *service) evidenceGauges() {
	state := func() poa.EvidenceState {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		state, err := s.chapters.registrar.EvidenceState(ctx)
		if err != nil {
			s.log.Warn("counting evidence failed", "cause", err)
		}
		return state
	}
	s.metrics.gauge("ininjo_evidence_unstamped", "Records of evidence without a time stamp.", func() float64 { return float64(state().Unstamped) })
	s.metrics.gauge("ininjo_evidence_unstamped_oldest_seconds", "How long the oldest of them waits.", func() float64 {
		if oldest := state().Oldest; !oldest.IsZero() {
			return s.clock.Now().Sub(oldest).Seconds()
		}
		return 0
	})
	s.metrics.gauge("ininjo_evidence_overdue", "Time stamps that were to be renewed and were not yet.", func() float64 { return float64(state().Overdue) })
	s.metrics.gauge("ininjo_evidence_ended", "Time stamps whose certificate ended before they were renewed: alert.", func() float64 { return float64(state().Ended) })
}

// evidenceDetail is what /readyz adds where evidence waits for time stamps for
// too long. The process serves all the same.
func (s *service) evidenceDetail(r *http.Request) string {
	state, err := s.chapters.registrar.EvidenceState(r.Context())
	if err != nil {
		return ""
	}
	var detail string
	if !state.Oldest.IsZero() && s.clock.Now().Sub(state.Oldest) > stampPatience {
		detail += fmt.Sprintf("evidence: %d records wait for a time stamp, the oldest since %s\n", state.Unstamped, state.Oldest.Format(time.RFC3339))
	}
	if state.Ended > 0 {
		detail += fmt.Sprintf("evidence: %d time stamps ended before they were renewed\n", state.Ended)
	}
	return detail
}
