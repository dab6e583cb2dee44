// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A way in, and who may use it.
const (
	wayPublic  = "public"         // the same to everybody, whatever they bring
	wayGrowing = "public, longer" // likewise, but a later answer may be a newer one
	wayToken   = "token"          // by a Bearer token alone; a session opens nothing
	wayPages   = "pages"          // the portal's own tables say who (portal/access_test.go)
	wayMetrics = "its own listen" // on an address of its own, which is not public
)

// ways are all patterns that this package registers.
var ways = map[string]string{
	"GET /healthz":                 wayPublic,
	"GET /readyz":                  wayPublic,
	"GET /schema.graphqls":         wayPublic,
	"GET /.well-known/jwks.json":   wayPublic,
	"GET /.well-known/ininjo.json": wayPublic,
	"GET /log/checkpoint":          wayGrowing,
	"/status-lists":                wayToken, // of the setting "registered", which is the default
	"/status-lists/{list}":         wayToken,
	"/graphql":                     wayToken,
	"/feed":                        wayToken,
	"/feed/ack":                    wayToken,
	"POST /mail/bounces":           wayToken, // the mail server's own
	"/":                            wayPages,
	"GET /metrics":                 wayMetrics,
}

// TestEveryWayInIsInTheTable reads the patterns out of the source: a new one
// must say who may use it.
func TestEveryWayInIsInTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, isCall := n.(*ast.CallExpr)
			if !isCall || len(call.Args) != 2 {
				return true
			}
			method, isMethod := call.Fun.(*ast.SelectorExpr)
			if !isMethod || method.Sel.Name != "Handle" && method.Sel.Name != "HandleFunc" {
				return true
			}
			if first, isName := call.Args[0].(*ast.Ident); isName && first.Name == "ctx" {
				return true // a handler of the log's is handed its context: no pattern
			}
			pattern, isText := call.Args[0].(*ast.BasicLit)
			if !isText {
				t.Errorf("%s registers a pattern that no test can read", name)
				return true
			}
			text, err := strconv.Unquote(pattern.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[text] = true
			return true
		})
	}
	if rows, patterns := slices.Sorted(maps.Keys(ways)), slices.Sorted(maps.Keys(found)); !slices.Equal(rows, patterns) {
		t.Errorf("the table has rows for %q, the source registers %q", rows, patterns)
	}
}

// TestEveryWayInForEveryone uses what is not the portal's without a session, with
// one, with a token, and from another site.
func TestEveryWayInForEveryone(t *testing.T) {
	t.Parallel()
	d := running(t)
	nobody, inside, token := d.as(t, ""), d.signedIn(t, "recipient"), d.as(t, d.json.Tokens["delegator"])
	foreign := http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}, "Content-Type": {"text/plain"}}
	for pattern, who := range ways {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			_, path, found := strings.Cut(pattern, " ")
			if !found {
				path = pattern
			}
			plain := get(t, nobody, path, nil)
			for name, got := range map[string]answer{"a session": get(t, inside, path, nil), "a token": get(t, token, path, nil), "another site": get(t, inside, path, foreign)} {
				if who == wayPublic && (got.status != plain.status || string(got.body) != string(plain.body)) {
					t.Errorf("with %s it answers %d, without %d", name, got.status, plain.status)
				}
			}
			if who == wayGrowing && plain.status != http.StatusOK && plain.status != http.StatusNotFound {
				t.Errorf("it answers %d", plain.status)
			}
			if (who == wayPublic || who == wayGrowing) && plain.header.Get("Set-Cookie") != "" {
				t.Error("it sets a cookie")
			}
			if who == wayMetrics && plain.status != http.StatusNotFound {
				t.Errorf("it is public: %d", plain.status)
			}
			for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPost} {
				got := do(t, noRedirect(inside), method, path, foreign, `{"query":"{ viewer { kind } }"}`)
				if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s lets pages of other sites read it", method)
				}
				if method == http.MethodPost && (got.status < 400 || strings.Contains(string(got.body), "RECIPIENT")) {
					t.Errorf("another site's POST answers %d: %.200s", got.status, got.body)
				}
			}
		})
	}
}
