// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"ininjo/poa/log"
)

// TestArchiveReadsBackWhatWasWritten compares the root with tlog's own tree.
func TestArchiveReadsBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "rows")
		var file bytes.Buffer
		w, err := log.NewArchiveWriter(&file, log.TableAudit, "audit_events_y2026m06")
		if err != nil {
			t.Fatal(err)
		}
		var leaves []tlog.Hash
		for i := range n {
			line := drawLine(t, i)
			leaves = append(leaves, tlog.Hash(line.Leaf()))
			if err := w.Audit(line); err != nil {
				t.Fatal(err)
			}
		}
		digest := sha256.Sum256(file.Bytes())
		read := 0
		head, got, err := log.ReadArchive(&file, func(_ []byte, leaf [32]byte) error {
			if leaf != [32]byte(leaves[read]) {
				t.Errorf("row %d has another leaf", read)
			}
			read++
			return nil
		})
		if err != nil || head.Partition != "audit_events_y2026m06" || got != w.Summary() || read != n || got.SHA256 != digest {
			t.Fatalf("%v, %+v, %d of %d rows, %+v", err, head, read, n, got)
		}
		if got.Root != rootOf(t, leaves) {
			t.Error("the root is not RFC 6962's")
		}
	})
}

func drawLine(t *rapid.T, i int) log.AuditLine {
	subject := rapid.String().Draw(t, "subject")
	return log.AuditLine{ID: rapid.String().Draw(t, "id"), At: time.UnixMicro(int64(i)).UTC(), ActorKind: "STAFF", SubjectID: &subject,
		Action: "x", Outcome: "DONE", Data: rapid.SampledFrom([]string{"{}", `{"a":"<b>"}`, `{"é":" "}`}).Draw(t, "data")}
}

// rootOf stores the tree as tlog would and asks it for the hash.
func rootOf(t *rapid.T, leaves []tlog.Hash) [32]byte {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = stored[index]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestArchiveOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "another format": `{"format":2,"table":"audit_events","partition":"p"}` + "\n",
		"another table": `{"format":1,"table":"parties","partition":"p"}` + "\n", "no JSON": "x\n",
		"a row with a field too many": `{"format":1,"table":"inquiries","partition":"p"}` + "\n" + `{"name":"x"}` + "\n"} {
		if _, _, err := log.ReadArchive(strings.NewReader(text), nil); !errors.Is(err, log.ErrNotArchive) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReadArchive never panics, and what it takes has as many rows as it told.
func FuzzReadArchive(f *testing.F) {
	f.Add([]byte(`{"format":1,"table":"inquiries","partition":"p"}` + "\n" + `{"id":"a"}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := int64(0)
		_, sum, err := log.ReadArchive(bytes.NewReader(b), func([]byte, [32]byte) error { rows++; return nil })
		if err == nil && sum.Rows != rows {
			t.Errorf("%d rows told, %d read", sum.Rows, rows)
		}
	})
}
