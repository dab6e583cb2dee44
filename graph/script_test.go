// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"ininjo/poa"
)

var update = flag.Bool("update", false, "write what is answered into the scripts of testdata")

// TestScripts plays each script of testdata on a house of its own. A step is
// a section "NN who [en]" with a query, and may have sections "NN variables",
// "NN keep" (name = path of a value in the answer) and "NN want". Who is one of
// the staff, a name that a step signed in, or ${a kept token}.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no scripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.play(file, *update)
		})
	}
}

type script struct {
	*house
	kept map[string]string
	// names are what stands for a random text, by the text.
	names map[string]string
}

func newScript(tb testing.TB, change ...func(*house)) *script {
	tb.Helper()
	return &script{house: newHouse(tb, change...), kept: map[string]string{}, names: map[string]string{}}
}

type step struct {
	number, who, language, query, variables, keep, want string
}

func (s *script) play(file string, write bool) {
	archive, err := txtar.ParseFile(file)
	must(s.tb, err)
	written := &txtar.Archive{Comment: archive.Comment}
	for _, each := range steps(s.tb, archive) {
		got := s.run(each)
		if !write && got != each.want {
			s.tb.Errorf("step %s %s:\n%s", each.number, each.who, cmp.Diff(each.want, got))
		}
		for _, section := range []struct{ name, text string }{{each.who, each.query}, {"variables", each.variables}, {"keep", each.keep}, {"want", got}} {
			name := each.number + " " + section.name
			if section.name == each.who && each.language == "en" {
				name += " en"
			}
			if section.text != "" {
				written.Files = append(written.Files, txtar.File{Name: name, Data: []byte(section.text)})
			}
		}
	}
	if write {
		must(s.tb, os.WriteFile(file, txtar.Format(written), 0o600))
	}
}

func steps(tb testing.TB, archive *txtar.Archive) []*step {
	tb.Helper()
	var all []*step
	for _, section := range archive.Files {
		words, text := strings.Fields(section.Name), string(section.Data)
		switch {
		case len(words) < 2:
			tb.Fatalf("section %q has no number and name", section.Name)
		case len(all) == 0 || all[len(all)-1].number != words[0]:
			each := &step{number: words[0], who: words[1], language: "ja", query: text}
			if len(words) > 2 && words[2] == "en" {
				each.language = "en"
			}
			all = append(all, each)
		case words[1] == "variables":
			all[len(all)-1].variables = text
		case words[1] == "keep":
			all[len(all)-1].keep = text
		case words[1] == "want":
			all[len(all)-1].want = text
		}
	}
	return all
}

func (s *script) run(each *step) string {
	if line, ok := strings.CutPrefix(each.query, "# "); ok {
		if command := strings.Fields(line); s.command(command) {
			return ""
		}
	}
	body := map[string]any{"query": each.query}
	if each.variables != "" {
		var variables map[string]any
		if err := json.Unmarshal([]byte(s.fill(each.variables)), &variables); err != nil {
			s.tb.Fatalf("step %s: reading variables: %v", each.number, err)
		}
		body["variables"] = variables
	}
	who := s.fill(each.who)
	if who == "anyone" {
		who = ""
	}
	_, answer := s.post(who, each.language, body)
	s.keep(each, answer)
	return s.normal(answer)
}

// command is a line that is no query: what happens beside GraphQL.
func (s *script) command(words []string) bool {
	switch words[0] {
	case "sign-in": // name, e-mail address
		s.signIn(words[1], words[2])
	case "keep": // name, text with places
		s.kept[words[1]] = s.fill(strings.Join(words[2:], " "))
	case "look": // who, what was seen, a kept delegation
		s.look(words[1], poa.TitleStanding(words[2]), s.kept[words[3]])
	case "advance":
		d, err := time.ParseDuration(words[1])
		must(s.tb, err)
		s.data.Clock.Advance(d)
	default:
		return false
	}
	return true
}

// look records what a person saw of a title, with the engagement.
func (s *script) look(who string, standing poa.TitleStanding, id string) {
	today := poa.DateOf(s.data.Clock.Now())
	in := poa.LookInput{IdempotencyKey: poa.NewID("key_"), DelegationID: id, Standing: standing, Number: "123456", Name: deputy.Name, SeenOn: today, From: today, Page: "https://example.jp/",
		Engaged: true, EngagedHow: "電話", EngagedBy: "総務部"}
	titles := poa.NewTitles(s.data.Clock, s.data.DB, poa.DefaultPolicy("https://ininjo.example"))
	must(s.tb, titles.Look(s.tb.Context(), s.actors[who], in))
}

var place = regexp.MustCompile(`\$\{([^}]*)\}`)

// fill replaces ${kept}, ${today+N}, ${link ADDRESS TEMPLATE}, ${sign WHO KEPT}.
func (s *script) fill(text string) string {
	return place.ReplaceAllStringFunc(text, func(found string) string {
		words := strings.Fields(found[2 : len(found)-1])
		switch {
		case len(words) == 0:
			return ""
		case strings.HasPrefix(words[0], "today"):
			days, _ := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(words[0], "today"), "+"))
			return poa.DateOf(s.data.Clock.Now()).AddDays(days).String()
		case words[0] == "link":
			return s.link(words[1], poa.MailTemplate(words[2]))
		case words[0] == "sign":
			return s.signed(words[1], s.kept[words[2]])
		}
		value, ok := s.kept[words[0]]
		if !ok {
			s.tb.Fatalf("nothing is kept as %s", words[0])
		}
		return value
	})
}

func (s *script) signed(who, content string) string {
	raw, err := base64.StdEncoding.DecodeString(content)
	must(s.tb, err)
	file, err := s.signers[who].SignAttached(raw)
	must(s.tb, err)
	return base64.StdEncoding.EncodeToString(file)
}

func (s *script) keep(each *step, answer []byte) {
	var root any
	must(s.tb, json.Unmarshal(answer, &root))
	for line := range strings.Lines(each.keep) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " = ")
		value := root
		for key := range strings.SplitSeq(path, ".") {
			switch v := value.(type) {
			case map[string]any:
				value = v[key]
			case []any:
				at, err := strconv.Atoi(key)
				must(s.tb, err)
				value = v[at]
			}
		}
		text, ok := value.(string)
		if !ok {
			s.tb.Fatalf("step %s: there is no text at %s: %s", each.number, path, answer)
		}
		s.kept[name] = text
	}
}

// random matches what differs from run to run.
var random = []struct {
	kind    string
	pattern *regexp.Regexp
}{
	{"secret", regexp.MustCompile(`inj_live_[0-9a-f]+_[0-9a-f]{8}|whsec_[A-Za-z0-9+/=]{44}|"[A-Z2-7]{32}"`)},
	{"JWS", regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)},
	{"file", regexp.MustCompile(`"[A-Za-z0-9+/]{100,}={0,2}"`)},
	{"delegation", regexp.MustCompile(`([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}`)},
	{"digest", regexp.MustCompile(`[0-9a-f]{64}`)},
	{"UUID", regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)},
	{"ID", regexp.MustCompile(`(dgr|rcp|stf|acc|tok|whe|whd|evt|inq|trm|lnk|chl|sus|cnf)_[0-9a-hj-km-np-tv-z]{26}`)},
	{"cursor", regexp.MustCompile(`eyJ[\w-]{20,}`)},
}

var index = regexp.MustCompile(`"index": \d+`)

// normal writes an answer with a name for each random text, the same wherever
// the text stands.
func (s *script) normal(answer []byte) string {
	var out bytes.Buffer
	must(s.tb, json.Indent(&out, answer, "", "  "))
	text := index.ReplaceAllString(out.String(), `"index": 0`)
	for _, each := range random {
		text = each.pattern.ReplaceAllStringFunc(text, func(found string) string {
			bare := strings.Trim(found, `"`)
			if s.names[bare] == "" {
				s.names[bare] = fmt.Sprintf("<%s %d>", each.kind, len(s.names)+1)
			}
			return strings.Replace(found, bare, s.names[bare], 1)
		})
	}
	return text + "\n"
}
