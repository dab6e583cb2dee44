// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// subscriber is the client that partners use, in its distinct connections mode.
// It prints the events that it wants, then leaves and asks a question.
const subscriber = `
const { createClient } = require("graphql-sse");
const [url, token, wanted] = process.argv.slice(1);
const client = createClient({ url, headers: { authorization: "Bearer " + token }, retryAttempts: 0 });
(async () => {
  let seen = 0;
  const events = client.iterate({ query: "subscription($after: String) { events(after: $after) { sequence type } }", variables: { after: null } });
  for await (const { data, errors } of events) {
    console.log(errors ? errors[0].extensions.code : data.events.type + " " + data.events.sequence);
    if (++seen === Number(wanted)) break; // leaves the stream
  }
  console.log("over");
  const answers = client.iterate({ query: "{ viewer { kind } }" });
  for await (const { data } of answers) console.log(data.viewer.kind);
})().catch((fault) => { console.log("failed", fault); process.exitCode = 1; });`

// TestClient: the field's client of graphql-sse follows a sequence, is told of a
// change, leaves, and asks a question by the same way; who may not is told why.
func TestClient(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.play("testdata/accepted.txtar", false)
	s.tell(t)
	lines := s.node(t, "delegator", "2")
	wants := func(text string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != text {
			t.Errorf("the client says %q, want %q", lines.Text(), text)
		}
	}
	wants("DELEGATION_ACCEPTED 1")
	s.does(t, "delegator", `revokeDelegation(input: {idempotencyKey: "r", delegationId: "${first}"})`)
	s.tell(t)
	for _, text := range []string{"DELEGATION_REVOKED 2", "over", "DELEGATOR"} {
		wants(text)
	}
	lines = s.node(t, "reception", "2")
	for _, text := range []string{"FORBIDDEN", "over"} {
		wants(text)
	}
}

// node runs the client to its end.
func (h *house) node(t *testing.T, arguments ...string) *bufio.Scanner {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute) // it ends by itself
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, "node", append([]string{"-e", subscriber, h.url}, arguments...)...)
	command.Dir = "../portal" // its npm packages are the tests'
	out, err := command.StdoutPipe()
	must(t, err)
	var faults strings.Builder
	command.Stderr = &faults
	must(t, command.Start())
	t.Cleanup(func() {
		_, _ = io.Copy(io.Discard, out)
		if err := command.Wait(); err != nil {
			t.Errorf("npm's graphql-sse (task setup installs it): %v\n%s", err, faults.String())
		}
	})
	return bufio.NewScanner(out)
}
