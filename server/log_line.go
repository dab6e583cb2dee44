// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"ininjo/poa"
)

// requestLine begins the line of each request in the log.
const requestLine = "request"

// line is what the log says of a request: its route, never its path or query,
// which may hold a one-time link.
type line struct {
	method, route string
	status        int
	took          time.Duration
	request       string
}

// write writes the line: by hand where the log is the program's own, since each
// answer pays for it, and the same bytes by slog elsewhere.
func (l line) write(ctx context.Context, log *slog.Logger) {
	l.took = l.took.Round(time.Microsecond)
	if h, ours := log.Handler().(*lineHandler); ours && h.lines != nil && plainly(l.method) && plainly(l.route) && plainly(l.request) {
		h.lines.write(l)
		return
	}
	log.LogAttrs(ctx, slog.LevelInfo, requestLine, l.attrs()...)
}

func (l line) attrs() []slog.Attr {
	return []slog.Attr{slog.String("method", l.method), slog.String("route", l.route), slog.Int("status", l.status), slog.Duration("took", l.took), slog.String("request", l.request)}
}

// plainly says whether a text is written as it is, without quotes or escapes;
// many are not and could be.
func plainly(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '/' && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return text != ""
}

// lineWriter puts requests' lines among those that are written together.
type lineWriter struct {
	to *lineBuffer
	// form writes a line as slog's handler does.
	form func(line, []byte, time.Time) []byte
}

func (w *lineWriter) write(l line) {
	at := poa.SystemClock{}.Now().Local()
	w.to.mu.Lock()
	defer w.to.mu.Unlock()
	w.to.lines = w.form(l, w.to.lines, at)
	w.to.collected()
}

// appendText writes the line as slog's TextHandler does.
func (l line) appendText(b []byte, at time.Time) []byte {
	b = at.AppendFormat(append(b, "time="...), "2006-01-02T15:04:05.000Z07:00")
	b = append(append(b, " level=INFO msg="+requestLine+" method="...), l.method...)
	b = append(append(b, " route="...), l.route...)
	b = strconv.AppendInt(append(b, " status="...), int64(l.status), 10)
	b = append(append(b, " took="...), l.took.String()...)
	b = append(append(b, " request="...), l.request...)
	return append(b, '\n')
}

// appendJSON writes the line as slog's JSONHandler does.
func (l line) appendJSON(b []byte, at time.Time) []byte {
	b = at.AppendFormat(append(b, `{"time":"`...), time.RFC3339Nano)
	b = append(append(b, `","level":"INFO","msg":"`+requestLine+`","method":"`...), l.method...)
	b = append(append(b, `","route":"`...), l.route...)
	b = strconv.AppendInt(append(b, `","status":`...), int64(l.status), 10)
	b = strconv.AppendInt(append(b, `,"took":`...), int64(l.took), 10)
	b = append(append(b, `,"request":"`...), l.request...)
	return append(b, '"', '}', '\n')
}
