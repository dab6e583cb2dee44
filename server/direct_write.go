// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"ininjo/graph"
)

// directAnswer is an answer with the memory for it.
type directAnswer struct {
	graph.Lean
	out []byte
}

var directAnswers = sync.Pool{New: func() any { return &directAnswer{} }}

// largeAnswer is what is not kept for other answers.
const largeAnswer = 64 << 10

// write makes the whole answer as net/http writes it: what the handlers set, by
// name, and then what net/http adds.
func (a *directAnswer) write(id, mediaType, date string, last bool) {
	if cap(a.out) > largeAnswer {
		a.out = nil
	}
	b := append(a.out[:0], "HTTP/1.1 "...)
	if a.Status == http.StatusOK {
		b = append(b, "200 OK"...)
	} else {
		b = append(append(strconv.AppendInt(b, int64(a.Status), 10), ' '), http.StatusText(a.Status)...)
	}
	b = append(b, "\r\nCache-Control: no-store\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(a.Body)), 10)
	b = append(append(append(b, "\r\nContent-Type: "...), mediaType...), "; charset=utf-8"...)
	if a.RetryAfter > 0 {
		b = strconv.AppendInt(append(b, "\r\nRetry-After: "...), int64(a.RetryAfter), 10)
	}
	b = append(b, "\r\nVary: Accept, Accept-Language\r\nX-Content-Type-Options: nosniff"...)
	if allowed := &a.Allowance; allowed.Limit > 0 {
		b = strconv.AppendInt(append(b, "\r\nX-Ratelimit-Limit: "...), int64(allowed.Limit), 10)
		b = strconv.AppendInt(append(b, "\r\nX-Ratelimit-Remaining: "...), int64(allowed.Remaining), 10)
		b = strconv.AppendInt(append(b, "\r\nX-Ratelimit-Reset: "...), allowed.ResetAt.Unix(), 10)
		b = strconv.AppendInt(append(b, "\r\nX-Ratelimit-Used: "...), int64(allowed.Used), 10)
	}
	b = append(append(b, "\r\nX-Request-Id: "...), id...)
	b = append(append(b, "\r\nDate: "...), date...)
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	a.out = append(append(b, "\r\n\r\n"...), a.Body...)
}

// dateLine is a second as the header Date writes it.
type dateLine struct {
	second int64
	text   string
}

// today is the header Date of an instant.
func (d *direct) today(now time.Time) string {
	known := d.date.Load()
	if second := now.Unix(); known == nil || known.second != second {
		known = &dateLine{second, now.UTC().Format(http.TimeFormat)}
		d.date.Store(known)
	}
	return known.text
}

// guarded asks for the answer. A panic becomes a 500 whose cause stands in the log
// alone, and ends the connection.
func (t *turn) guarded(x *exchange, a *directAnswer) (served, ended bool) {
	defer func() {
		if p := recover(); p != nil {
			t.log.ErrorContext(x, "panic", "route", directRoute, "request", x.id, "cause", fmt.Sprintf("%T", p), "stack", frames(debug.Stack()))
			text := "INTERNAL " + x.id + "\n"
			_, _ = fmt.Fprintf(t.holding.Conn, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: %d\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%s", len(text), text)
			served, ended = false, true
		}
	}()
	return t.answerer.Answer(x, &a.Lean, t.request.body), false
}
