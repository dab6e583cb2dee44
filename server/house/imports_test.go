// SPDX-License-Identifier: Apache-2.0

package house_test

import (
	"slices"
	"strings"
	"testing"
)

// firstFloor are the rooms that know poa and never one another.
var firstFloor = []string{"db", "graph", "jobs", "portal"}

// testSupport are the packages that tests may import anywhere.
var testSupport = []string{"poa/poatest", "db/dbtest"}

// testLibraries are what tests may use besides what their package may.
// go-jose shows that another library than ours verifies a receipt.
var testLibraries = []string{"github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/go-jose/go-jose/v4"}

// ground are the only libraries of poa and its sub-packages, beyond the standard library.
var ground = map[string][]string{
	"poa":          {"github.com/go-playground/validator/v10"},
	"poa/cms":      {"github.com/digitorus/pkcs7", "github.com/digitorus/timestamp"},
	"poa/jpki":     {"golang.org/x/crypto/ocsp"},
	"poa/document": {"github.com/pdfcpu/pdfcpu", "github.com/skip2/go-qrcode"},
	"poa/kanji":    {"golang.org/x/text"},
	"poa/receipt":  {"github.com/go-jose/go-jose/v4"},
	"poa/log":      {"golang.org/x/mod/sumdb/tlog", "golang.org/x/mod/sumdb/note"},
}

// homes name the packages in which a library lives. The longest prefix that fits decides.
var homes = map[string][]string{
	"github.com/digitorus":                           {"poa/cms"},
	"github.com/go-playground/validator":             {"poa"},
	"github.com/pdfcpu/pdfcpu":                       {"poa/document"},
	"github.com/go-jose/go-jose":                     {"poa/receipt"},
	"golang.org/x/crypto/ocsp":                       {"poa/jpki"},
	"golang.org/x/mod/sumdb":                         {"poa/log"},
	"github.com/skip2/go-qrcode":                     {"poa/document", "portal"}, // the validity page's code, the second factor's code
	"github.com/uptrace/bun":                         {"db"},
	"github.com/jackc/pgx":                           {"db", "jobs"}, // jobs names pgx's types for River's driver
	"github.com/fergusstrange/embedded-postgres":     {"db"},
	"github.com/tink-crypto":                         {"db"},
	"github.com/99designs/gqlgen":                    {"graph"},
	"github.com/vektah/gqlparser":                    {"graph"},
	"github.com/riverqueue/river":                    {"jobs"},
	"filippo.io/age":                                 {"server/archive"},
	"github.com/klauspost/compress":                  {"server/archive"},
	"github.com/miekg/pkcs11":                        {"server/outside/token", "server/outside/signers", "server/sign"}, // cgo, behind the build tag pkcs11
	"software.sslmate.com/src/go-pkcs12":             {"server/sign"},
	"github.com/riverqueue/river/rivermigrate":       {"db"},
	"github.com/riverqueue/river/riverdriver":        {"db", "jobs"}, // rivermigrate wants a driver as well
	"html/template":                                  {"portal", "jobs", "server/sign"},
	"github.com/standard-webhooks":                   {}, // tests only: the second opinion on our own signatures
	"github.com/foxcpp":                              {}, // tests only: the name server in the test's process
	"github.com/emersion":                            {}, // tests only: the mail server in the test's process
	"github.com/emersion/go-msgauth":                 {"server/outside/mail"},
	"riverqueue.com/riverui":                         {}, // loads React
	"github.com/99designs/gqlgen/graphql/playground": {}, // loads React from elsewhere
}

// outsidePoa is what the domain does without: how it is stored, carried and shown is other rooms' work.
var outsidePoa = []string{"database/sql", "net/http", "html/template", "net/smtp"}

func TestRooms(t *testing.T) {
	t.Parallel()
	for _, each := range sources(t) {
		for _, path := range each.imports() {
			target, ours := strings.CutPrefix(path, module+"/")
			if !ours || target == each.pkg || each.test && slices.Contains(testSupport, target) {
				continue
			}
			from, to := room(each.pkg), room(target)
			switch {
			case to == "server" && from != "server":
				t.Errorf("%s imports %s: nobody imports server, it is the roof that wires the rooms", each.path, path)
			case from == "poa" && to != "poa":
				t.Errorf("%s imports %s: poa is the ground floor and knows no room above it", each.path, path)
			case slices.Contains(firstFloor, from) && slices.Contains(firstFloor, to) && from != to && !supportOf(each, target):
				t.Errorf("%s imports %s: %s and %s never import one another; poa declares what they share, server hands it over", each.path, path, from, to)
			case within(each.pkg, "poa") && each.pkg != "poa" && !each.support() && target == "poa":
				t.Errorf("%s imports poa: sub-packages take plain values and return typed faults, poa maps them to codes", each.path)
			case slices.Contains(testSupport, target) && !each.support() && !demo(each, target):
				t.Errorf("%s imports %s: that package serves tests only", each.path, path)
			}
		}
	}
}

// demo lets the demo make its test certification authority (design.md, section 5).
func demo(each source, target string) bool {
	return strings.HasPrefix(each.path, "server/demo") && strings.HasSuffix(target, "/poatest")
}

// supportOf lets a package of test support lean on another one.
func supportOf(each source, target string) bool {
	return each.support() && slices.Contains(testSupport, target)
}

func TestGroundFloor(t *testing.T) {
	t.Parallel()
	for _, each := range sources(t) {
		if room(each.pkg) != "poa" {
			continue
		}
		for _, path := range each.imports() {
			if !each.support() && slices.Contains(outsidePoa, path) {
				t.Errorf("%s imports %s: poa holds no SQL, HTTP or HTML", each.path, path)
			}
			if standard(path) || within(path, module) || each.pkg == "poa/poatest" || each.test && withinAny(path, testLibraries) {
				continue
			}
			if !withinAny(path, ground[each.pkg]) {
				t.Errorf("%s imports %s: %s may import the standard library, %v and packages of poa", each.path, path, each.pkg, ground[each.pkg])
			}
		}
	}
}

func TestHomes(t *testing.T) {
	t.Parallel()
	rooms := map[string][]string{}
	for _, each := range sources(t) {
		if each.support() {
			continue
		}
		for _, path := range each.imports() {
			if allowed, listed := home(path); listed {
				if !livesIn(each.pkg, allowed) {
					t.Errorf("%s imports %s: its home is %v (each library has one, so that it can be replaced in one place)", each.path, path, allowed)
				}
				continue
			}
			if name := library(path); name != "" && !slices.Contains(rooms[name], room(each.pkg)) {
				rooms[name] = append(rooms[name], room(each.pkg))
			}
		}
	}
	for name, found := range rooms {
		if len(found) > 1 {
			t.Errorf("%s is imported by %v: choose one home and list it in homes", name, found)
		}
	}
}

// home finds the longest listed prefix of an import path.
func home(path string) (allowed []string, listed bool) {
	longest := ""
	for prefix, packages := range homes {
		if within(path, prefix) && len(prefix) > len(longest) {
			longest, allowed, listed = prefix, packages, true
		}
	}
	return allowed, listed
}

// livesIn says whether a package is one of the homes or below one; poa means poa alone, its sub-packages are
// homes of their own.
func livesIn(pkg string, allowed []string) bool {
	for _, each := range allowed {
		if pkg == each || each != "poa" && within(pkg, each) {
			return true
		}
	}
	return false
}

// library is the owner and name of a library not listed in homes; golang.org/x and uuid count as part of
// the language's own.
func library(path string) string {
	if standard(path) || within(path, module) || within(path, "golang.org/x") || within(path, "github.com/google/uuid") {
		return ""
	}
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// standard says whether the path belongs to the standard library, whose first element has no dot.
func standard(path string) bool {
	first := room(path)
	return !strings.Contains(first, ".") && first != module
}

func withinAny(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return within(path, prefix) })
}
