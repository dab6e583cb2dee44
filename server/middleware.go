// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"ininjo/poa"
)

// maxBody bounds every body: a signed file of 4 MiB in base 64 and the rest of
// a mutation.
const maxBody = 8 << 20

// wrap is what every request passes before the routes: an ID, its token and
// language, a bound on its body, a net under panics, a line in the log and a
// measure. It is one step, with one context: it takes part in every answer.
func wrap(routes http.Handler, log *slog.Logger, clock poa.Clock, m *metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := clock.Now()
		x := newExchange(r)
		x.id = newRequestID()
		x.status = statusRecorder{ResponseWriter: w, status: http.StatusOK}
		header := w.Header()
		header["X-Request-Id"], header["X-Content-Type-Options"] = []string{x.id}, noSniff
		r = r.WithContext(x)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		guarded(routes, &x.status, r, log)
		took := clock.Now().Sub(began)
		route := cmp.Or(x.route, routeOf(r))
		m.observe(route, x.status.status, took)
		line{methodOf(r), route, x.status.status, took, x.id}.write(r.Context(), log)
	})
}

var noSniff = []string{"nosniff"}

func newRequestID() string { return poa.NewID("req_") }

func requestIDFrom(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// noteRoute tells the log which of a room's own routes matched: the session's
// wrapper copies the request, so that its pattern would be lost.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if x := exchangeOf(r.Context()); x != nil {
			x.route = r.Pattern
		}
	})
}

// routeOf is the pattern that matched; a request's own words never reach the log.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return r.Method
	default:
		return "OTHER"
	}
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// guarded turns a panic into a 500 whose cause stands in the log alone.
func guarded(next http.Handler, w http.ResponseWriter, r *http.Request, log *slog.Logger) {
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
			panic(p) // an answer that was cut off must not look whole
		}
		if p != nil {
			log.ErrorContext(r.Context(), "panic", "route", routeOf(r), "request", requestIDFrom(r.Context()), "cause", fmt.Sprintf("%T", p), "stack", frames(debug.Stack()))
			http.Error(w, "INTERNAL "+requestIDFrom(r.Context()), http.StatusInternalServerError)
		}
	}()
	next.ServeHTTP(w, r)
}

// frames keeps the functions of a stack and drops the arguments.
func frames(stack []byte) []string {
	var functions []string
	for line := range strings.Lines(string(stack)) {
		if name, _, found := strings.Cut(line, "("); found && !strings.HasPrefix(line, "\t") {
			functions = append(functions, name)
		}
	}
	return functions
}
