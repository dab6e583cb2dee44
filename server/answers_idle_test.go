// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"ininjo/poa"
)

// TestIdleConnectionsAreSmall lets many connections ask once: each keeps the stack
// that its answer needed, which fits into 8 KiB, and not 16.
func TestIdleConnectionsAreSmall(t *testing.T) {
	t.Parallel()
	w := newAnswerWorld(t)
	c := w.config()
	c.MetricsAddr = "127.0.0.1:0"
	p := answering{Config: c, Ahead: w.ahead}.launch(t)
	addr := strings.TrimPrefix(p.line(t, "http://"), "http://")
	await(t, "it logs where the figures are", func() bool { return metricsAddress.MatchString(p.stderr.String()) })
	metrics := metricsAddress.FindString(p.stderr.String())
	stacks := func() (n float64) {
		_, figures := fetch(t, metrics)
		_, figure, _ := strings.Cut(figures, "\ngo_memstats_stack_inuse_bytes ")
		if _, err := fmt.Sscan(figure, &n); err != nil {
			t.Fatalf("it tells no stacks: %v", err)
		}
		return n
	}
	_, token := w.newest()
	wire := directWire(token, fmt.Sprintf(`{"query":"query Q($id: ID!) { validity(delegationId: $id) { status } }","variables":{"id":%q}}`, poa.NewDelegationID()))
	const many = 400
	before := stacks()
	for range many {
		conn := callFrom(t, "127.0.0.1", addr)
		if _, err := io.WriteString(conn, wire); err != nil {
			t.Fatal(err)
		}
		if answer := rawAnswer(t, conn); !strings.Contains(answer, `"UNKNOWN"`) {
			t.Fatal(answer)
		}
	}
	if each := (stacks() - before) / many; each > 12<<10 {
		t.Errorf("an idle connection that has asked keeps %.0f bytes of stack", each)
	}
}
