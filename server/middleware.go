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
	"time"

	"ininjo/poa"
)

// maxBody bounds every body: a signed file of 4 MiB in base 64 and the rest of
// a mutation.
const maxBody = 8 << 20

// wrap puts what every request passes around the routes, outermost first.
func wrap(routes http.Handler, log *slog.Logger, clock poa.Clock, m *metrics) http.Handler {
	handler := bounded(routes)
	handler = recovered(handler, log)
	handler = logged(handler, log, clock, m)
	handler = bearer(handler)
	return requestID(handler)
}

// bounded lets no body be read beyond its bound. It keeps the request itself,
// so that the routes' pattern reaches the log.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// requestID gives the request an ID that stands in the log, in the answer and
// on error pages.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := poa.NewID("req_")
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyRequestID, id)))
	})
}

func requestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

// logged writes one line for each request: its route, never its path or query,
// which may hold a one-time link.
func logged(next http.Handler, log *slog.Logger, clock poa.Clock, m *metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := clock.Now()
		recorder, inner := &statusRecorder{ResponseWriter: w, status: http.StatusOK}, ""
		r = r.WithContext(context.WithValue(r.Context(), keyRoute, &inner))
		next.ServeHTTP(recorder, r)
		took := clock.Now().Sub(began)
		route := cmp.Or(inner, routeOf(r))
		m.observe(route, recorder.status, took)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", methodOf(r)), slog.String("route", route),
			slog.Int("status", recorder.status), slog.Duration("took", took.Round(time.Microsecond)), slog.String("request", requestIDFrom(r.Context())))
	})
}

// noteRoute tells the log which of a room's own routes matched: the session's
// wrapper copies the request, so that its pattern would be lost.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if inner, ok := r.Context().Value(keyRoute).(*string); ok {
			*inner = r.Pattern
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

// recovered turns a panic into a 500 whose cause stands in the log alone.
func recovered(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	})
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
