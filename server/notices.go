// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// noticesConfig is what of the settings concerns the sequence of notices.
type noticesConfig struct {
	// Heartbeat is how often endpoints are told, signed, where their sequence
	// stands; 0 for never.
	Heartbeat time.Duration `default:"1h" env:"ININJO_HEARTBEAT" help:"How often each webhook endpoint is sent a signed service.heartbeat that says where its sequence of notices stands, 1m to 24h; 0 for never. Answers of the change feed then hold none either."`
}

// check refuses what cannot be meant.
func (c noticesConfig) check() error {
	if c.Heartbeat != 0 && (c.Heartbeat < time.Minute || c.Heartbeat > 24*time.Hour) {
		return errors.New("--heartbeat is 1m to 24h, or 0 for no heartbeats")
	}
	return nil
}

// heartbeatFile is the key of heartbeats in --keys.
const heartbeatFile = "heartbeat.pem"

// equipHeartbeats registers the key of heartbeats and hands it to the rules. An
// installation of before there were heartbeats has none: beside the private
// PostgreSQL it is made now, once; elsewhere a warning says so.
func (s *service) equipHeartbeats(ctx context.Context) error {
	if s.config.Heartbeat == 0 {
		return nil
	}
	keys, err := s.openPurpose(ctx, purposeKey{file: heartbeatFile, places: s.config.HeartbeatKeys, purpose: receipt.TypHeartbeat, what: "heartbeats", off: "--heartbeat=0"})
	if err == nil && keys != nil {
		s.chapters.notifier.SignHeartbeatsWith(keys)
	}
	return err
}

// relisten is how long to wait after the session that listens broke.
const relisten = time.Second

// startBell wakes who waits for notices, until the returned function is called.
func (s *service) startBell(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	rings := make(chan struct{}, 1)
	ring := func() {
		select {
		case rings <- struct{}{}:
		default:
		}
	}
	s.metrics.gauge("ininjo_notices_waiting", "How many wait for notices at the change feed and by subscriptions.", func() float64 { return float64(s.bell.Waiting()) })
	var running sync.WaitGroup
	running.Go(func() {
		s.bell.Run(ctx, rings, func(err error) { s.log.WarnContext(ctx, "looking for notices failed", "error", err) })
	})
	running.Go(func() {
		for ctx.Err() == nil {
			if err := s.db.ListenNotices(ctx, ring); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "listening for notices was interrupted", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(relisten):
			}
		}
	})
	s.stopBell = func() {
		s.bell.Close()
		cancel()
		running.Wait()
	}
}

var _ poa.HeadReader = (*db.DB)(nil)
