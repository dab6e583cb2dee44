// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"ininjo/graph"
	"ininjo/poa"
)

// hostile are bodies that are refused or nearly so.
func hostile() []struct{ name, body string } {
	query := func(text string) string {
		body, _ := json.Marshal(map[string]string{"query": text}) // a text always marshals
		return string(body)
	}
	const many = `{"query":"query($ids: [ID!]!) { validities(delegationIds: $ids) { status } }","variables":`
	list := func(n int) string { return `{"ids":["x"` + strings.Repeat(`,"x"`, n-1) + `]}` }
	return []struct{ name, body string }{
		{"7,000 aliases", query("{" + numbered(7000, " a%d: __typename") + "}")},
		{"2,000 aliases", query("{" + numbered(2000, " a%d: __typename") + "}")},
		{"1,001 aliases and then no syntax", query("{" + numbered(1001, " a%d: __typename") + "(((")},
		{"no syntax and then 2,000 aliases", query("{ ((( " + numbered(2000, " a%d: __typename") + "}")},
		{"depth 1,000", query(strings.Repeat("{ viewer ", 1000) + strings.Repeat("}", 1000))},
		{"depth 1,001", query(strings.Repeat("{ viewer ", 1001) + strings.Repeat("}", 1001))},
		{"depth 1,000 without an end", query(strings.Repeat("{ viewer ", 1000))},
		{"depth of a circle of types", query("{ viewer " + strings.Repeat("{ viewer { delegator { delegations { nodes ", 4) + "{ id }" + strings.Repeat("} } } }", 4) + "}")},
		{"depth of text and comment", query("{ # " + strings.Repeat("{", 2000) + "\n __typename }")},
		{"depth of inline fragments", query("{" + strings.Repeat("... {", 990) + "__typename" + strings.Repeat("}", 991))},
		{"a million elements", many + list(1_000_000) + "}"},
		{"a million elements without an end", many + strings.TrimSuffix(list(1_000_000), `"]}`)},
		{"a million elements of a variable that nobody named", `{"query":"{ __typename }","variables":` + list(1_000_000) + "}"},
		{"19,999 elements", `{"query":"{ __typename }","variables":` + list(19_999) + "}"},
		{"20,000 elements", `{"query":"{ __typename }","variables":` + list(20_000) + "}"},
		{"20,000 elements that are no JSON", `{"query":"{ __typename }"` + strings.Repeat(",", 20_000)},
		{"commas in a text that is not closed", `{"query":"` + strings.Repeat(",", 200_000)},
		{"escapes", `{"query":"{ __typename }","variables":{"a":"` + strings.Repeat(`\\\",`, 40_000) + `"}}`},
		{"a large text and then nonsense", `{"query":"{ __typename }","variables":{"a":"` + strings.Repeat(`x`, 200_000) + `"}}}`},
		{"a body of 6 MB", filled(6 << 20)},
		{"a byte more than 6 MB", filled(6<<20 + 1)},
		{"a query of 10 MB", query("{ __typename " + strings.Repeat("#", 10<<20) + "\n}")},
		{"a query of 64 kB", query("{ __typename #" + strings.Repeat("x", 64<<10-16) + "\n}")},
		{"a longer query", query("{ __typename #" + strings.Repeat("x", 64<<10-15) + "\n}")},
	}
}

// filled is a legal body of so many bytes.
func filled(length int) string {
	const before, behind = `{"query":"{ __typename }","variables":{"a":"`, `"}}`
	return before + strings.Repeat("x", length-len(before)-len(behind)) + behind
}

// answersOf are the answers to hostile bodies, of announced length or in chunks.
func answersOf(t *testing.T, chunked bool) string {
	t.Helper()
	server := httptest.NewServer(bare())
	defer server.Close()
	var answers strings.Builder
	for _, each := range hostile() {
		var body io.Reader = strings.NewReader(each.body)
		if chunked {
			body = io.MultiReader(body)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		must(t, err)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		must(t, err)
		fmt.Fprintf(&answers, "%s: %d %s %.400s\n", each.name, response.StatusCode, response.Header.Get("Content-Type"), text)
	}
	return answers.String()
}

// TestHostileAnswers holds the answers to hostile bodies against those of the
// time when bodies were read whole before they were looked at.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	const kept = "testdata/hostile.txt"
	if *update {
		must(t, os.WriteFile(kept, []byte(answersOf(t, false)), 0o600))
	}
	want, err := os.ReadFile(kept)
	must(t, err)
	for name, chunked := range map[string]bool{"of announced length": false, "in chunks": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, all := strings.Split(answersOf(t, chunked), "\n"), strings.Split(string(want), "\n")
			for i := range all {
				if got[i] != all[i] {
					t.Errorf("got  %s\nwant %s", got[i], all[i])
				}
			}
		})
	}
}

// dialled is a connection on which a POST of an announced length began.
func dialled(t *testing.T, url string, length int) (net.Conn, func() (*http.Response, string)) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(poa.SystemClock{}.Now().Add(time.Minute)))
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", length)
	must(t, err)
	return conn, func() (*http.Response, string) {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		must(t, err)
		return response, string(text)
	}
}

// TestRefusedBeforeItCame sends no more of a body than shows that it is refused:
// the answer does not wait for the rest, and ends the connection.
func TestRefusedBeforeItCame(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(bare())
	t.Cleanup(server.Close)
	for _, each := range []struct {
		name   string
		length int
		sent   string
	}{
		{"too many elements", 5 << 20, `{"query":"{ __typename }","variables":{"a":["x"` + strings.Repeat(`,"x"`, 25_000)},
		{"too long", 7 << 20, ""},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			conn, answer := dialled(t, server.URL, each.length)
			_, err := io.WriteString(conn, each.sent)
			must(t, err)
			if response, text := answer(); response.StatusCode != http.StatusRequestEntityTooLarge || !response.Close || codeOf(t, []byte(text)) != "TOO_LARGE" {
				t.Errorf("answered %s, closes: %v: %s", response.Status, response.Close, text)
			}
		})
	}
}

// TestLargeBodiesSideBySide sends more large bodies at once than there is room
// for, part by part: all are answered, and each on a connection that goes on.
func TestLargeBodiesSideBySide(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(bareWith(graph.Limits{Body: 1 << 20, Bodies: 2 << 20}))
	t.Cleanup(server.Close)
	body := filled(1 << 20)
	for i := range 6 {
		t.Run(fmt.Sprint("body ", i), func(t *testing.T) {
			t.Parallel()
			conn, answer := dialled(t, server.URL, len(body))
			for rest := body; rest != ""; rest = rest[min(len(rest), 10_000):] {
				_, err := io.WriteString(conn, rest[:min(len(rest), 10_000)])
				must(t, err)
			}
			if response, text := answer(); response.StatusCode != http.StatusOK || response.Close {
				t.Errorf("answered %s, closes: %v: %s", response.Status, response.Close, text)
			}
		})
	}
}
