// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/locale"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wrong is one line of the table of wrong input. given prepares it, so that
// what it stores is not taken for the refusal's.
type wrong struct {
	name  string
	given func(*office) func() error
}

// audited is what a refusal stores.
var audited = map[string]int{"audit_events": 1}

// TestWrongInput holds what every wrong input is answered with, in both
// languages, and that a refusal stores its audit event and nothing else.
func TestWrongInput(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, group := range []struct {
		name   string
		rows   []wrong
		stored map[string]int // by a refusal
	}{
		{"Drafting", wrongDrafts, audited}, {"Handing in the delegate's certificate", wrongHandIns, audited}, {"Filing", wrongFiles, audited},
		{"Filing as a sole proprietor", wrongSoleFiles, audited}, {"Deciding and ending", wrongEnds, audited},
		{"Registering", wrongRegistrations, audited}, {"Asking", wrongQuestions, map[string]int{}},
	} {
		fmt.Fprintf(&got, "# %s\n", group.name)
		o := newOffice(t)
		for _, row := range group.rows {
			try := row.given(o)
			before := o.counts()
			err := try()
			if diff := cmp.Diff(group.stored, o.grown(before)); diff != "" {
				t.Errorf("%s: a refusal stored something else than its audit event: %s", row.name, diff)
			}
			if err == nil {
				t.Errorf("%s: taken", row.name)
			}
			fmt.Fprintf(&got, "\n%s\n%s", row.name, told(t, err))
		}
		got.WriteString("\n")
	}
	golden(t, "testdata/wrong-input.golden", []byte(got.String()))
}

// told is what the caller is told: code and field, and the text of each language.
func told(t *testing.T, err error) string {
	t.Helper()
	var faults poa.Faults
	if !errors.As(err, &faults) {
		if poa.CodeOf(err) == poa.CodeInternal {
			t.Errorf("an internal error: %v", err)
		}
		faults = poa.Faults{{Code: poa.CodeOf(err)}}
	}
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "  %s at %s\n", f.Code, strings.Join(append(f.Field, "-")[:max(len(f.Field), 1)], "."))
		for _, language := range locale.Languages {
			text := locale.Text(language, string(f.Code), f.Args)
			if text == string(f.Code) || strings.ContainsAny(text, "{}") {
				t.Errorf("%s has no whole text in %s: %s", f.Code, language, text)
			}
			fmt.Fprintf(&b, "    %s\n", text)
		}
	}
	return b.String()
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(path, got, 0o600))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs (-update writes it anew): %s", path, cmp.Diff(string(want), string(got)))
	}
}

// wrongDraft is a line about a draft that differs from a good one.
func wrongDraft(name string, change func(*poa.DraftInput)) wrong {
	return wrong{name, func(o *office) func() error {
		in := o.draftInput()
		change(&in)
		return func() error {
			_, err := o.registrar.Draft(o.tb.Context(), o.delegator, in)
			return err
		}
	}}
}

var wrongDrafts = []wrong{
	wrongDraft("a power with twelve digits whose check digit fits My Number", func(in *poa.DraftInput) { in.Powers[0] = "番号 1234-5678-9018 の手続" }),
	wrongDraft("a limit with a My Number in full-width digits", func(in *poa.DraftInput) { in.Limits[0] = "１２３４５６７８９０１８" }),
	wrongDraft("a My Number as the delegate's identification", func(in *poa.DraftInput) { in.Delegate.Identification = "123456789018" }),
	wrongDraft("control characters in a name", func(in *poa.DraftInput) { in.Delegate.Name = "佐藤\x00花子" }),
	wrongDraft("a line break in a power", func(in *poa.DraftInput) { in.Powers[0] = "一切の件\nただし" }),
	wrongDraft("a mark that turns the direction of writing", func(in *poa.DraftInput) { in.Powers[0] = "一切\u202Eの件" }),
	wrongDraft("bytes that are not UTF-8", func(in *poa.DraftInput) { in.Delegate.Title = "部長\xff" }),
	wrongDraft("no power at all", func(in *poa.DraftInput) { in.Powers = nil }),
	wrongDraft("a power of spaces", func(in *poa.DraftInput) { in.Powers = []string{"\u3000 \u200b"} }),
	wrongDraft("fifty-one powers", func(in *poa.DraftInput) { in.Powers = strings.Split(strings.Repeat("件,", 50)+"件", ",") }),
	wrongDraft("a power of 1,001 characters", func(in *poa.DraftInput) { in.Powers[0] = strings.Repeat("件", 1001) }),
	wrongDraft("no delegate", func(in *poa.DraftInput) { in.Delegate = poa.DelegateInput{} }),
	wrongDraft("an e-mail address with a second header in it", func(in *poa.DraftInput) { in.Delegate.Email = "a@example.jp\r\nBcc: b@example.jp" }),
	wrongDraft("an e-mail address with a folded line in quotes", func(in *poa.DraftInput) { in.Delegate.Email = "\"a\r\n b\"@example.jp" }),
	wrongDraft("two e-mail addresses", func(in *poa.DraftInput) { in.Delegate.Email = "a@example.jp, b@example.jp" }),
	wrongDraft("a qualification that is not one of the eight", func(in *poa.DraftInput) { in.Delegate.Qualification = "WIZARD" }),
	wrongDraft("no dates", func(in *poa.DraftInput) { in.ValidFrom, in.ValidThrough = poa.Date{}, poa.Date{} }),
	wrongDraft("dates in the wrong order", func(in *poa.DraftInput) { in.ValidThrough = in.ValidFrom.AddDays(-1) }),
	wrongDraft("a term that is over", func(in *poa.DraftInput) {
		in.ValidFrom, in.ValidThrough = in.ValidFrom.AddDays(-9), in.ValidFrom.AddDays(-1)
	}),
	wrongDraft("a term of ten years and a day", func(in *poa.DraftInput) {
		in.ValidThrough = poa.Date{Year: in.ValidFrom.Year + 10, Month: in.ValidFrom.Month, Day: in.ValidFrom.Day}
	}),
	wrongDraft("an idempotency key of 129 characters", func(in *poa.DraftInput) { in.IdempotencyKey = strings.Repeat("k", 129) }),
	wrongDraft("to replace a mistyped ID", func(in *poa.DraftInput) { in.Replaces = "00000-00000-00000-00000-00001" }),
	wrongDraft("to replace what does not exist", func(in *poa.DraftInput) { in.Replaces = string(poa.NewDelegationID()) }),
	{"to replace a draft", func(o *office) func() error { return wrongDraft("", replacing(o.draft().ID)).given(o) }},
	{"to replace another's", func(o *office) func() error {
		d := o.accepted()
		in := o.draftInput()
		in.Replaces = string(d.ID)
		other := o.enrol("other@example.jp")
		return func() error {
			_, err := o.registrar.Draft(o.tb.Context(), other, in)
			return err
		}
	}},
	{"to replace what was revoked", func(o *office) func() error {
		d := o.accepted()
		must(o.tb, o.revoke(d, o.clock.Now()))
		return wrongDraft("", replacing(d.ID)).given(o)
	}},
	{"to replace what was replaced", func(o *office) func() error {
		d := o.accepted()
		o.accepted(replacing(d.ID), func(in *poa.DraftInput) { in.ValidFrom = in.ValidFrom.AddDays(30) })
		return wrongDraft("", replacing(d.ID)).given(o)
	}},
	{"by a business that is not under contract", func(o *office) func() error {
		_, err := o.enrollment.RegisterDelegator(o.tb.Context(), poa.Anonymous("ja"), o.registration("applicant@example.jp"))
		must(o.tb, err)
		applicant := o.signInByLink("applicant@example.jp")
		in := o.draftInput()
		return func() error {
			_, err := o.registrar.Draft(o.tb.Context(), applicant, in)
			return err
		}
	}},
}
