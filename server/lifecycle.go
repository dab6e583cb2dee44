// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"ininjo/db"
	"ininjo/poa"
)

// begin listens, works and serves.
func (s *service) begin(ctx context.Context) error {
	s.config.tune(db.OnThisMachine(s.database.url))
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.startJobs(ctx); err != nil {
		return err
	}
	s.startBell(ctx)
	s.startRefusals(ctx)
	return s.serve(ctx)
}

// goneTimeout bounds a stop without the database: nothing under way can end
// well.
const goneTimeout = 2 * time.Second

// wait returns after a graceful stop: when the context ends, or when something
// ended that should go on.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		s.log.Info("stopping")
		return s.stop(ctx)
	case err := <-s.broken:
		return errors.Join(err, s.stop(ctx))
	case <-s.database.done():
		s.config.StopTimeout = min(s.config.StopTimeout, goneTimeout)
		s.started.Store(false) // the stop cannot be recorded
		return errors.Join(errors.New("the private PostgreSQL ended: see postgresql.log in --data-dir"), s.stop(ctx))
	}
}

// stop ends gracefully, from whatever point the start reached, and within
// --stop-timeout: no new requests and no new jobs; when those under way have
// ended, or three quarters of the time, the audit event; then the database.
func (s *service) stop(ctx context.Context) error {
	s.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.StopTimeout)
	defer cancel()
	failures := []error{s.drain(ctx)}
	if s.started.Load() {
		failures = append(failures, s.recordOperation(ctx, poa.ActionStop))
	}
	for _, r := range s.keyrings {
		failures = append(failures, within(ctx, "letting go of keys", r.close))
	}
	if s.db != nil {
		failures = append(failures, within(ctx, "returning connections", func() error { s.db.Close(); return nil }))
	}
	if s.eraser != nil {
		failures = append(failures, within(ctx, "returning connections", func() error { s.eraser.Close(); return nil }))
	}
	if s.keyStore != nil {
		failures = append(failures, within(ctx, "closing key store", func() error { s.keyStore.Close(); return nil }))
	}
	if s.database != nil {
		failures = append(failures, s.database.close(ctx))
	}
	return errors.Join(failures...)
}

// drain lets requests and jobs end side by side: neither waits for the other.
func (s *service) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.StopTimeout*3/4)
	defer cancel()
	if s.stopKeys != nil {
		_ = within(ctx, "stopping to look for keys", func() error { s.stopKeys(); return nil }) // a token that hangs holds nothing up
	}
	if s.stopBell != nil { // who waits is answered, so that no request outlasts the time
		s.stopBell()
	}
	var ends [4]error
	var ending sync.WaitGroup
	for i, server := range []*http.Server{s.http, s.observer} {
		if server != nil {
			ending.Go(func() { ends[i] = shutDown(ctx, server) })
		}
	}
	if s.jobs != nil {
		ending.Go(func() { ends[2] = within(ctx, "stopping jobs", func() error { return s.jobs.Stop(ctx) }) })
	}
	if s.direct != nil {
		ending.Go(func() { ends[3] = s.direct.stop(ctx) })
	}
	ending.Wait()
	if kept, ok := s.mail.(closer); ok {
		kept.Close()
	}
	if s.listener != nil && s.http == nil {
		_ = s.listener.Close() // the start failed before anybody was served
	}
	if s.stopRefusals != nil {
		s.stopRefusals(ctx)
	}
	s.log.Info("drained") // behind the lines of the last requests
	return errors.Join(ends[:]...)
}

// shutDown waits for the requests under way; those that outlast the time are
// cut off, and their transactions roll back.
func shutDown(ctx context.Context, server *http.Server) error {
	err := server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("waiting for requests: %w", err), server.Close())
}

// within bounds what takes no context. The process ends afterwards: what goes
// on ends with it.
func within(ctx context.Context, what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
}

// listen takes the port. The portal's address is then known.
func (s *service) listen(ctx context.Context) error {
	var err error
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.Addr); err != nil {
		return fmt.Errorf("listening on --addr: %w", err)
	}
	publicURL := s.config.PublicURL
	if publicURL == "" {
		publicURL = "http://" + s.listener.Addr().String()
		if !s.config.demo {
			s.log.Warn("no --public-url: delegations will name this address for as long as they last", "address", publicURL)
		}
	}
	return s.wire(publicURL)
}

// serve answers requests until stop.
func (s *service) serve(ctx context.Context) error {
	routes, err := s.routes()
	if err != nil {
		return err
	}
	if err := s.serveMetrics(ctx); err != nil {
		return err
	}
	s.http = newHTTPServer(routes)
	bounded := newConnections(s.listener, s.config.connectionsConfig, s.machine, s.metrics)
	s.http.ConnState = bounded.note
	s.direct = newDirect(bounded, s.answerer, s.log, s.clock, s.metrics)
	go s.run(s.http, s.direct)
	go s.run(s.http, s.direct.rest)
	s.log.Info("serving", "address", "http://"+s.listener.Addr().String(), "timer_slack", timerSlack())
	return s.recordStart(ctx)
}

// recordStart writes the start into the audit log: what cannot be audited does
// not begin.
func (s *service) recordStart(ctx context.Context) error {
	if err := s.recordOperation(ctx, poa.ActionStart); err != nil {
		return err
	}
	s.started.Store(true)
	return nil
}

// recordOperation audits what the program itself does (6.2.1).
func (s *service) recordOperation(ctx context.Context, action poa.Action) error {
	if err := s.chapters.records.RecordOperation(ctx, action, map[string]string{"version": version()}); err != nil {
		return fmt.Errorf("recording %s: %w", action, err)
	}
	return nil
}

func (s *service) serveMetrics(ctx context.Context) error {
	if s.config.MetricsAddr == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.MetricsAddr)
	if err != nil {
		return fmt.Errorf("listening on --metrics-addr: %w", err)
	}
	s.log.Info("metrics", "address", "http://"+listener.Addr().String()+"/metrics")
	s.observer = newHTTPServer(s.metrics.handler())
	go s.run(s.observer, listener)
	return nil
}

// run serves; a server that ends before stop ends the process.
func (s *service) run(server *http.Server, listener net.Listener) {
	if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		s.broken <- fmt.Errorf("serving: %w", err)
	}
}

// newHTTPServer bounds headers and time: a slow peer holds no connection for
// long.
func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{Handler: patient(h), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: bodyPatience, WriteTimeout: answerPatience,
		IdleTimeout: 90 * time.Second, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
}
