// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere are commands of the documents that this test does not run, with who
// does.
var elsewhere = map[string]string{
	"go run ./server demo": "the e2e tests run the demo; its report is read here",
	"go run github.com/go-task/task/v3/cmd/task@v3.45.4 test": ".ci/run calls it: it runs this test",
	"# look a delegation up in a list":                        "TestVerifyStatus runs it",
	"ininjo sign":                                             "the tests of server/sign run each of these, TestSignFilesOverGraphQL those that file",
}

var (
	fenced   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	linked   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
)

// documents are what a newcomer reads.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, path := range append(paths, "../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

// blocks are the fenced shell commands of a document.
func blocks(text string) []string {
	var commands []string
	for _, found := range fenced.FindAllStringSubmatch(text, -1) {
		if found[1] == "sh" {
			commands = append(commands, strings.TrimSpace(found[2]))
		}
	}
	return commands
}

// TestReadme runs the README's commands and those of the documents beside it.
func TestReadme(t *testing.T) {
	t.Parallel()
	// Each command below, with what it has to print.
	prints := map[string][]string{
		"go run ./server serve --help": {"--data-dir", "ININJO_DATA_DIR"},
		"go run ./server version":      {"ininjo "},
		". ./demo-data/demo.env":       {`"status":"VALID"`, `"receipt":"ey`},
		"openssl rand":                 nil,
		"# read the feed":              {`{"stream":"`, `"notices":[{"type":"delegation.`, `"heartbeat":"ey`},
		"# acknowledge":                {`"acknowledged":`, `"acknowledgedAt":"`},
		"# follow by GraphQL":          {":"},
		"# fetch a status list":        {"200 application/statuslist+jwt", `{"status_lists":["`},
		"# verify with node":           {`true {"iss":"http`, `"fileCompared":false`},
		"# ask by a trusted document":  {`{"data":{"validity":{"status":"VALID"}}}`},
	}
	var seen []string
	for path, text := range documents(t) {
		for _, command := range blocks(text) {
			if other, ok := beginningOf(command, elsewhere); ok {
				seen = append(seen, other)
				continue
			}
			beginning, ok := beginningOf(command, prints)
			if !ok {
				t.Errorf("%s: nobody runs %q", path, command)
				continue
			}
			seen = append(seen, beginning)
			t.Run(path+" "+beginning, func(t *testing.T) { wantText(t, shell(t, command), prints[beginning]...) })
		}
	}
	for _, command := range append(keysOf(prints), keysOf(elsewhere)...) {
		if !slices.Contains(seen, command) {
			t.Errorf("no document shows %q any more", command)
		}
	}
}

// beginningOf finds the key that a command begins with.
func beginningOf[V any](command string, known map[string]V) (string, bool) {
	for _, beginning := range keysOf(known) {
		if strings.HasPrefix(command, beginning) {
			return beginning, true
		}
	}
	return "", false
}

func keysOf[V any](m map[string]V) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

// shell runs a command as it stands in the document, in a folder where the
// running demo's and an empty folder of keys are.
func shell(t *testing.T, command string) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(running(t).dir, filepath.Join(dir, "demo-data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(command, "# verify with") {
		fetchReceipt(t, dir)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", command)
	cmd.Dir = dir
	if strings.HasPrefix(command, "go run ") {
		cmd.Dir = root
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if strings.HasPrefix(command, "openssl") { // the keys that it makes are keys of ours
		if _, err := loadKeys(filepath.Join(dir, "keys")); err != nil {
			t.Error(err)
		}
		if err := (Config{Keys: filepath.Join(dir, "keys")}).readReceiptKeys(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return string(out)
}

// fetchReceipt puts a receipt of the running demo and its key set into a folder.
func fetchReceipt(t *testing.T, dir string) {
	t.Helper()
	demo := running(t).json
	_, set := fetch(t, demo.JWKSURL)
	body := `{"query":"{ validity(delegationId: \"` + demo.Delegations["valid"] + `\") { receipt } }"}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, demo.GraphQLURL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+demo.Tokens["recipient"])
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var answer struct {
		Data struct{ Validity struct{ Receipt string } }
	}
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil || answer.Data.Validity.Receipt == "" {
		t.Fatalf("%v: %+v", err, answer)
	}
	for name, text := range map[string]string{"jwks.json": set, "answer.jws": answer.Data.Validity.Receipt} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDocuments holds what documents say to what is there.
func TestDocuments(t *testing.T) {
	t.Parallel()
	taskfile, err := os.ReadFile("../Taskfile.yml")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, string(ci), "go run github.com/go-task/task/v3/cmd/task@v3.45.4 test")
	for path, text := range documents(t) {
		for _, found := range linked.FindAllStringSubmatch(text, -1) {
			target, err := url.Parse(found[1])
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if target.Scheme == "" && target.Path != "" {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), target.Path)); err != nil {
					t.Errorf("%s links to %s: %v", path, found[1], err)
				}
			}
		}
		for _, found := range codeSpan.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(found[1])
			if len(words) == 2 && words[0] == "task" && !strings.Contains(string(taskfile), "\n  "+words[1]+":\n") {
				t.Errorf("%s names %q, which Taskfile.yml does not have", path, found[1])
			}
			if len(words) > 1 && words[0] == "ininjo" {
				checkInvocation(t, path, words)
			}
		}
		for _, found := range fenced.FindAllStringSubmatch(text, -1) {
			if found[1] == "json" && !json.Valid([]byte(found[2])) {
				t.Errorf("%s shows JSON that is none: %s", path, found[2])
			}
		}
	}
	wantText(t, string(taskfile), "\n  test:\n")
}

// checkInvocation wants every flag of a command that a document names to exist.
func checkInvocation(t *testing.T, path string, words []string) {
	t.Helper()
	command := words[1:2]
	if words[1] == "staff" || words[1] == "keys" {
		command = words[1:3]
	}
	help := succeed(t, nil, append(slices.Clone(command), "--help")...)
	for _, word := range words {
		if strings.HasPrefix(word, "--") && !strings.Contains(help, word+"=") && !strings.Contains(help, word+" ") { // a switch has no value
			t.Errorf("%s: %v has no flag %s", path, command, word)
		}
	}
}
