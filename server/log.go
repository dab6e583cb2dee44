// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

func newLogger(c Config, w io.Writer) *slog.Logger {
	buffer := &lineBuffer{to: w}
	if c.LogFormat == "json" {
		return slog.New(&lineHandler{slog.NewJSONHandler(atOnce{buffer}, nil), slog.NewJSONHandler(buffer, nil), &lineWriter{buffer, line.appendJSON}})
	}
	return slog.New(&lineHandler{slog.NewTextHandler(atOnce{buffer}, nil), slog.NewTextHandler(buffer, nil), &lineWriter{buffer, line.appendText}})
}

const (
	// lineDelay is how late a request's line may reach the log.
	lineDelay = 100 * time.Millisecond
	// lineBytes are collected at most.
	lineBytes = 32 << 10
)

// lineHandler writes the lines of requests together, so that not each answer
// pays for a write of its own; any other line comes at once, after those before
// it. A process that is killed loses the lines of its last tenth of a second;
// what must be proved stands in the audit log.
type lineHandler struct {
	slog.Handler
	requests slog.Handler
	// lines write requests' lines without slog; nil where attributes or a group
	// belong to each line.
	lines *lineWriter
}

// Handle writes a line.
func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	write := h.Handler.Handle
	if r.Message == requestLine && r.Level == slog.LevelInfo {
		write = h.requests.Handle
	}
	return write(ctx, r)
}

// WithAttrs gives each line the attributes.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.Handler.WithAttrs(attrs), h.requests.WithAttrs(attrs), nil}
}

// WithGroup puts each line's attributes into a group.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{h.Handler.WithGroup(name), h.requests.WithGroup(name), nil}
}

// lineBuffer collects whole lines and writes them soon.
type lineBuffer struct {
	mu      sync.Mutex
	to      io.Writer
	lines   []byte
	pending bool
}

// Write keeps a line.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line...)
	b.collected()
	return len(line), nil
}

// collected sees to it that a line that came is written in time.
func (b *lineBuffer) collected() {
	if len(b.lines) >= lineBytes {
		b.writeOut()
	} else if !b.pending {
		b.pending = true
		time.AfterFunc(lineDelay, b.flush)
	}
}

// atOnce writes a line and what was collected before it.
type atOnce struct{ *lineBuffer }

// Write writes it.
func (b atOnce) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writeOut()
	return b.to.Write(line)
}

func (b *lineBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = false
	b.writeOut()
}

func (b *lineBuffer) writeOut() {
	if len(b.lines) > 0 {
		_, _ = b.to.Write(b.lines) // where the log cannot be written nobody can be told
		b.lines = b.lines[:0]
	}
}
