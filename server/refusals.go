// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"ininjo/poa"
)

// refusalsEvery is how often the refusals of minutes that are over are audited.
const refusalsEvery = time.Minute

// bound bounds what each credential asks of this process.
func (s *service) bound() {
	rates := poa.Rates{PerMinute: s.config.TokenRate, UnknownPerHour: s.config.UnknownRate}
	if rates != (poa.Rates{}) {
		s.chapters.responder = s.chapters.responder.BoundBy(poa.NewAllowances(s.machine, rates))
	}
}

// startRefusals writes what was refused into the audit log, minute by minute,
// and the rest at the stop.
func (s *service) startRefusals(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	record := func(ctx context.Context, all bool) {
		if err := s.chapters.responder.RecordRefusals(ctx, all); err != nil {
			s.log.WarnContext(ctx, "recording refusals failed", "error", err)
		}
	}
	var running sync.WaitGroup
	running.Go(func() {
		again := time.NewTicker(refusalsEvery)
		defer again.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-again.C:
				record(ctx, false)
			}
		}
	})
	s.stopRefusals = func(last context.Context) {
		cancel()
		running.Wait()
		record(last, true)
	}
}
