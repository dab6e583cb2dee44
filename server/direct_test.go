// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"ininjo/graph"
	"ininjo/poa"
	"ininjo/poa/locale"
)

// directWire is a question as clients write it, with more headers.
func directWire(token, body string, headers ...string) string {
	var more strings.Builder
	for _, header := range headers {
		more.WriteString(header + "\r\n")
	}
	return fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n%s",
		token, more.String(), len(body), body)
}

// notDirect is a header that makes a request net/http's.
const notDirect = "X-Elsewhere: 1"

// rawAnswer is a whole answer as it came.
func rawAnswer(t *testing.T, conn net.Conn) string {
	t.Helper()
	var text strings.Builder
	in := bufio.NewReader(conn)
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %s", err, text.String())
		}
		text.WriteString(line)
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			break
		}
	}
	if _, err := io.CopyN(&text, in, int64(length)); err != nil {
		t.Fatalf("%v after %s", err, text.String())
	}
	return text.String()
}

// differing is what differs between two answers to the same question.
var differing = regexp.MustCompile(`req_\w{26}|inq_\w{26}|eyJ[\w-]+\.[\w-]+\.[\w-]+|Date: [^\r]+|X-Ratelimit-(Remaining|Used|Reset): \d+`)

// TestDirectAnswersAsNetHTTP asks the same on a connection that is answered
// directly and on one that net/http has: byte for byte the same is written.
func TestDirectAnswersAsNetHTTP(t *testing.T) {
	t.Parallel()
	d := running(t)
	address := strings.TrimPrefix(d.json.PortalURL, "http://")
	ask := func(wire string) string {
		conn := callFrom(t, "127.0.0.1", address)
		defer conn.Close()
		if _, err := io.WriteString(conn, wire); err != nil {
			t.Fatal(err)
		}
		return differing.ReplaceAllString(rawAnswer(t, conn), "$1")
	}
	const document, fields = "query Q($id: ID!) { validity(delegationId: $id) { ", " } }"
	token, valid := d.json.Tokens["recipient"], d.json.Delegations["valid"]
	body := func(query, id string) string {
		return fmt.Sprintf(`{"query":%q,"variables":{"id":%q}}`, document+query+fields, id)
	}
	for name, each := range map[string]struct{ token, body, header string }{
		"status":          {token, body("status", valid), ""},
		"receipt":         {token, body("status receipt", valid), "Accept: application/graphql-response+json"},
		"mistyped":        {token, body("status reason", "mistyped"), "Accept: */*"},
		"a foreign token": {"inj_test_foreign", body("status", valid), "Accept-Language: en"},
		"no scheme":       {token, body("status", valid), "Connection: keep-alive"},
		"another token":   {d.json.Tokens["delegator"], body("status", valid), "Accept-Language: ja"},
		"many": {token, fmt.Sprintf(`{"query":"query ($ids: [ID!]!) { validities(delegationIds: $ids) { status delegationId asOf: delegationId } }","variables":{"ids":[%q%s]}}`,
			valid, strings.Repeat(`,"mistyped"`, 99)), ""},
		"trusted": {token, fmt.Sprintf(`{"documentId":"sha256:55f0e481e48920c0e47c533fea2d3379143f2242d9b9633f969bc75a46d4d60f","variables":{"delegationId":%q}}`, valid), ""},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if each.header != "" {
				headers = append(headers, each.header)
			}
			wire := directWire(each.token, each.body, headers...)
			var r directRequest
			if r.read([]byte(wire)) != directWhole {
				t.Fatalf("not read: %q", wire)
			}
			got := ask(wire) // the first sending of its text
			want := ask(directWire(each.token, each.body, append(headers, notDirect)...))
			if got != want || !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n") {
				t.Errorf("direct:\n%s\nnet/http:\n%s", got, want)
			}
		})
	}
}

// repeater answers bodies that begin with a letter by themselves.
type repeater struct{ came, goOn chan struct{} }

func (r repeater) Answer(_ context.Context, l *graph.Lean, body []byte) bool {
	switch body[0] {
	case 'p':
		panic("on purpose")
	case 'w':
		r.came <- struct{}{}
		<-r.goOn
	case '{':
		return false
	}
	l.Told = graph.Told{Status: http.StatusOK, Body: append([]byte("direct "), body...)}
	return true
}

// directServer answers directly what a repeater does, and by net/http the rest.
func directServer(t *testing.T) (addr string, d *direct, r repeater) {
	t.Helper()
	r = repeater{make(chan struct{}), make(chan struct{})}
	addr, d = directServerOf(t, r)
	return addr, d, r
}

func directServerOf(t *testing.T, a answerer) (addr string, d *direct) {
	t.Helper()
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+9))
		_, _ = fmt.Fprintf(w, "net/http %s", body)
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics()
	c := newConnections(l, connectionsConfig{}, machineClock, m)
	server.ConnState = c.note
	d = newDirect(c, a, slog.New(slog.DiscardHandler), machineClock, m)
	go func() { _ = server.Serve(d) }()
	go func() { _ = server.Serve(d.rest) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String(), d
}

func (d *direct) figures() string {
	got := httptest.NewRecorder()
	d.metrics.handler().ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return got.Body.String()
}

// TestDirectConnections sends what comes in parts, together and otherwise.
func TestDirectConnections(t *testing.T) {
	t.Parallel()
	addr, d, _ := directServer(t)
	write := func(t *testing.T, conn net.Conn, text string) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(t *testing.T, answer, body string) {
		t.Helper()
		if _, got, _ := strings.Cut(answer, "\r\n\r\n"); got != body {
			t.Errorf("want %q, got %s", body, answer)
		}
	}
	t.Run("one after the other, several at once, a body that comes later", func(t *testing.T) {
		conn := callFrom(t, "127.0.0.1", addr)
		for range 3 {
			write(t, conn, directWire("x", "a"))
			wants(t, rawAnswer(t, conn), "direct a")
		}
		wire := directWire("x", "abc")
		write(t, conn, wire[:len(wire)-2])
		pause(20 * time.Millisecond)
		write(t, conn, wire[len(wire)-2:])
		wants(t, rawAnswer(t, conn), "direct abc")
		write(t, conn, directWire("x", strings.Repeat("b", 16<<10)))
		wants(t, rawAnswer(t, conn), "direct "+strings.Repeat("b", 16<<10))
		write(t, conn, directWire("x", "c")+directWire("x", "d"))
		both := make([]byte, 2*len(rawWant("c")))
		if _, err := io.ReadFull(conn, both); err != nil || !strings.Contains(string(both), "direct c") || !strings.HasSuffix(string(both), "direct d") {
			t.Errorf("%v: %s", err, both)
		}
		if !strings.Contains(d.figures(), "ininjo_connections_handed_over_total 0") {
			t.Error("a connection was handed over")
		}
	})
	t.Run("net/http has what is not read, from the request's start", func(t *testing.T) {
		for name, wire := range map[string]string{
			"another body": directWire("x", "{}"), "another header": directWire("x", "{}", notDirect), "a large body": directWire("x", strings.Repeat("{", 30<<10)),
			"chunks":   "POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			"no token": "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		} {
			conn := callFrom(t, "127.0.0.1", addr)
			write(t, conn, directWire("x", "first"))
			wants(t, rawAnswer(t, conn), "direct first")
			write(t, conn, wire[:20])
			pause(5 * time.Millisecond)
			write(t, conn, wire[20:])
			if got := rawAnswer(t, conn); !strings.Contains(got, "net/http {") {
				t.Errorf("%s: %.300s", name, got)
			}
			write(t, conn, directWire("x", "second"))
			wants(t, rawAnswer(t, conn), "net/http second")
		}
	})
	t.Run("a panic is a 500", func(t *testing.T) {
		conn := callFrom(t, "127.0.0.1", addr)
		write(t, conn, directWire("x", "p"))
		if got := rawAnswer(t, conn); !strings.HasPrefix(got, "HTTP/1.1 500 ") || !strings.Contains(got, "INTERNAL req_") || strings.Contains(got, "purpose") {
			t.Errorf("%s", got)
		}
	})
}

// TestDirectAnswersTheFirstSending sends a query that nobody sent before: its
// connection stays, and goes with what is no question about validity.
func TestDirectAnswersTheFirstSending(t *testing.T) {
	t.Parallel()
	addr, d := directServerOf(t, graph.New(graph.Config{Responder: poa.NewResponder(machineClock, nil, poa.DefaultPolicy("https://ininjo.example"), nil),
		Credential: func(context.Context) poa.Credential { return poa.Credential{} }, Language: languageFrom, Text: locale.Text, Log: slog.New(slog.DiscardHandler)}))
	conn := callFrom(t, "127.0.0.1", addr)
	for _, each := range []struct {
		body, answer string
		handedOver   int
	}{
		{`{"query":"query ($id: ID!) { validity(delegationId: $id) { status } }","variables":{"id":"x"}}`, "UNAUTHENTICATED", 0},
		{`{"query":"query Many(\n\t$ids: [ID!]!) { \u0076alidities(delegationIds: $ids) { status } }","variables":{"ids":["x","y"]}}`, "UNAUTHENTICATED", 0},
		{`{"query":"{ __typename }"}`, "net/http {", 1},
	} {
		if _, err := io.WriteString(conn, directWire("x", each.body)); err != nil {
			t.Fatal(err)
		}
		if got := rawAnswer(t, conn); !strings.Contains(got, each.answer) || !strings.Contains(d.figures(), fmt.Sprint("ininjo_connections_handed_over_total ", each.handedOver)) {
			t.Errorf("%s: %s", each.body, got)
		}
	}
}

// rawWant is as long as an answer of the repeater.
func rawWant(body string) string {
	a := directAnswer{}
	a.Told = graph.Told{Status: http.StatusOK, Body: []byte("direct " + body)}
	a.write(newRequestID(), "application/json", machineClock.Now().Format(http.TimeFormat), false)
	return string(a.out)
}

// TestDirectStops lets a request under way end, and no other connection live.
func TestDirectStops(t *testing.T) {
	t.Parallel()
	addr, d, r := directServer(t)
	idle, busy := callFrom(t, "127.0.0.1", addr), callFrom(t, "127.0.0.1", addr)
	for conn, body := range map[net.Conn]string{idle: "a", busy: "w"} {
		if _, err := io.WriteString(conn, directWire("x", body)); err != nil {
			t.Fatal(err)
		}
	}
	rawAnswer(t, idle)
	<-r.came
	stopped := make(chan error)
	go func() { stopped <- d.stop(t.Context()) }()
	if n, err := idle.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("an idle connection lives on")
	}
	close(r.goOn)
	if got := rawAnswer(t, busy); !strings.HasSuffix(got, "direct w") || !strings.Contains(got, "\r\nConnection: close\r\n") {
		t.Errorf("%s", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// FuzzDirectRequest holds what is read directly to what net/http reads of it.
func FuzzDirectRequest(f *testing.F) {
	for _, headers := range [][]string{nil, {"Accept: */*", "Accept-Language: en"}, {"Connection: keep-alive", "User-Agent: x"}, {notDirect}, {"Accept:\tapplication/json \t"}, {"Content-Length: 2"}, {"Transfer-Encoding: chunked"}} {
		f.Add([]byte(directWire("token", `{"a":1}`, headers...) + "POST"))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var r directRequest
		if r.read(wire) != directWhole {
			return
		}
		in := bufio.NewReaderSize(strings.NewReader(string(wire)), len(wire)+16)
		want, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", wire, err)
		}
		body, err := io.ReadAll(want.Body)
		if err != nil || string(body) != string(r.body) || want.Method != http.MethodPost || want.URL.Path != directRoute || want.URL.RawQuery != "" || want.Close ||
			want.ContentLength != int64(len(r.body)) || len(want.TransferEncoding) > 0 || len(wire)-r.length != in.Buffered() {
			t.Fatalf("%q is read as %+v, %s", wire, want, body)
		}
		media, known := graph.MediaType(want.Header.Get("Accept"))
		if want.Header.Get("Authorization") != string(r.authorization) || want.Header.Get("Accept-Language") != string(r.language) || !known || media != r.mediaType || len(want.Header["Accept"]) > 1 {
			t.Fatalf("%q is read as %+v", wire, want)
		}
	})
}
