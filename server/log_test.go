// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLinesAreThoseOfSlog holds the lines that are written by hand to those of
// slog's own handlers.
func TestLinesAreThoseOfSlog(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[0-9A-Za-z/_.-]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-14*60, 14*60).Draw(t, "zone")*60)
		at := time.Unix(rapid.Int64Range(0, 9e9).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")).In(zone)
		l := line{word.Draw(t, "method"), word.Draw(t, "route"), rapid.IntRange(100, 999).Draw(t, "status"),
			time.Duration(rapid.Int64Range(0, 1e14).Draw(t, "took")).Round(time.Microsecond), word.Draw(t, "request")}
		var text, json bytes.Buffer
		r := slog.NewRecord(at, slog.LevelInfo, requestLine, 0)
		r.AddAttrs(l.attrs()...)
		if err := slog.NewTextHandler(&text, nil).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := slog.NewJSONHandler(&json, nil).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := string(l.appendText(nil, at)); got != text.String() {
			t.Fatalf("%swant %s", got, text.String())
		}
		if got := string(l.appendJSON(nil, at)); got != json.String() {
			t.Fatalf("%swant %s", got, json.String())
		}
	})
}

// TestLinesComeInOrder mixes requests' lines with others, and words that slog
// must quote.
func TestLinesComeInOrder(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := newLogger(Config{LogFormat: format}, &out)
		line{"POST", "/graphql", 200, time.Millisecond, "req_1"}.write(t.Context(), log)
		line{"GET", "GET /x/{id}", 404, time.Second, "req_2"}.write(t.Context(), log)
		line{"GET", "/", 200, time.Second, "req_3"}.write(t.Context(), log.With("a", "b"))
		log.Info("behind them")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 4 || !strings.Contains(lines[0], "req_1") || !strings.Contains(lines[1], `"GET /x/{id}"`) || !strings.Contains(lines[2], "req_3") || !strings.Contains(lines[3], "behind") {
			t.Errorf("%s", out.String())
		}
	}
}

func BenchmarkLine(b *testing.B) {
	log, l := newLogger(Config{}, &bytes.Buffer{}), line{"POST", "/graphql", 200, 2345 * time.Microsecond, "req_0123456789abcdefghjkmnpqrs"}
	for name, write := range map[string]func(){
		"by hand": func() { l.write(b.Context(), log) },
		"by slog": func() { log.LogAttrs(b.Context(), slog.LevelInfo, requestLine, l.attrs()...) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				write()
			}
		})
	}
}
