// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxBatch bounds the drafts of one run.
const maxBatch = 1000

// The outcomes of one file.
const (
	outcomeWaiting = "waiting"
	outcomeSigned  = "signed"
	outcomeLeft    = "left"    // signed before
	outcomeSkipped = "skipped" // neither draft nor challenge
	outcomeFailed  = "failed"
)

// task is one file of a run: the draft, where it stands, and what came of it.
type task struct {
	Draft
	// Path is where the draft was read; empty for an upload.
	Path    string
	Outcome string
	Err     error
	// Target is the signed file's path, or its name for an upload, whose bytes are Signed.
	Target string
	Signed []byte
}

// gather reads a file, or every draft that lies in a folder (not below it), in the order of names. What cannot be
// signed becomes a task with its reason, so that nothing is passed over in silence.
func gather(path string, w Way, force bool) ([]*task, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, wrong("missing", "name", path).because(err)
	}
	if !info.IsDir() {
		d, err := openDraft(path)
		t := &task{Draft: d, Path: path, Outcome: outcomeWaiting}
		if err != nil {
			t.Outcome, t.Err = outcomeFailed, err
		}
		return []*task{t}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, wrong("reading", "name", path).because(err)
	}
	var tasks []*task
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !drafty(entry.Name()) {
			continue
		}
		if len(tasks) == maxBatch {
			return nil, wrong("too-many", "name", path)
		}
		tasks = append(tasks, look(filepath.Join(path, entry.Name()), w, force))
	}
	if len(tasks) == 0 {
		return nil, wrong("empty-folder", "name", path)
	}
	return tasks, nil
}

// drafty names are those of drafts and challenges; signed PDFs of ours are not.
func drafty(name string) bool {
	lower := strings.ToLower(name)
	return slices.Contains([]string{".xml", ".pdf", ".txt"}, filepath.Ext(lower)) && !strings.HasSuffix(lower, signedPDF) && !strings.HasPrefix(lower, ".")
}

func look(path string, w Way, force bool) *task {
	d, err := openDraft(path)
	t := &task{Draft: d, Path: path, Outcome: outcomeWaiting, Err: err}
	switch {
	case isProblem(err, "no-draft"):
		t.Outcome = outcomeSkipped
	case isProblem(err, "already-signed"):
		t.Outcome = outcomeLeft
	case err != nil:
		t.Outcome = outcomeFailed
	case !force && signedBefore(path, d):
		t.Outcome = outcomeLeft
	}
	return t
}

// signedBefore says whether the signed file of a draft lies beside it, attached or detached.
func signedBefore(path string, d Draft) bool {
	for _, detached := range []bool{false, true} {
		if there(filepath.Join(filepath.Dir(path), signedName(d, Way{Detached: detached}))) {
			return true
		}
	}
	return false
}

// signAll signs what waits, one after another; a failed one does not stop the others, save where the card refused
// its PIN or is gone, when every further try would be one too many. told hears of each file as it is done.
func signAll(ctx context.Context, tasks []*task, k *Key, w Way, place func(*task, string, []byte) error, told func(*task)) {
	var stopped error
	for _, t := range tasks {
		if t.Outcome == outcomeWaiting {
			if stopped == nil && ctx.Err() != nil {
				stopped = wrong("stopped").because(ctx.Err())
			}
			t.finish(stopped, k, w, place)
			if isProblem(t.Err, "pin") || isProblem(t.Err, "pin-last") || isProblem(t.Err, "pin-locked") || isProblem(t.Err, "card-gone") {
				stopped = t.Err
			}
		}
		told(t)
	}
}

func (t *task) finish(stopped error, k *Key, w Way, place func(*task, string, []byte) error) {
	t.Outcome, t.Err = outcomeFailed, stopped
	if stopped != nil {
		return
	}
	name, file, err := k.Sign(t.Draft, w)
	if err == nil {
		err = place(t, name, file)
	}
	if t.Err = err; err == nil {
		t.Outcome = outcomeSigned
	}
}

// count says how many tasks came to an outcome.
func count(tasks []*task, outcome string) int {
	n := 0
	for _, t := range tasks {
		if t.Outcome == outcome {
			n++
		}
	}
	return n
}
