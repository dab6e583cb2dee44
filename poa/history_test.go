// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa"
	"ininjo/poa/receipt"
)

// claimsOf is what a receipt says.
func (o *office) claimsOf(compact string) receipt.Claims {
	o.tb.Helper()
	claims, err := receipt.Verify(compact, o.jwks, receipt.TypReceipt)
	must(o.tb, err)
	return claims
}

// TestAnswersAreGivenAgain lives through random lives of delegations, asks all
// sorts of questions in between and compares each answer and receipt given at
// the time with the one worked out at the end from its audit row and the facts.
func TestAnswersAreGivenAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ds := []poa.Delegation{o.accepted(), o.accepted(from(3)), o.accepted()}
	born := o.clock.Now()
	given := map[string]poa.Answer{}
	signed := map[string]receipt.Claims{}
	rapid.Check(t, func(rt *rapid.T) {
		o.clock.Advance(time.Duration(rapid.IntRange(0, 3).Draw(rt, "hours")) * time.Hour)
		d := rapid.SampledFrom(ds).Draw(rt, "delegation")
		switch rapid.IntRange(0, 12).Draw(rt, "act") {
		case 0:
			_ = o.revoke(d, o.clock.Now().Add(time.Duration(rapid.IntRange(0, 50).Draw(rt, "ahead"))*time.Hour)) // may be over: that is part of a life
		case 1, 2:
			_, _ = o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, o.clock.Now().Add(time.Duration(rapid.IntRange(1, 9).Draw(rt, "for"))*time.Hour)))
		}
		q := poa.Question{DelegationID: rapid.SampledFrom([]string{string(d.ID), string(poa.NewDelegationID()), "mistyped"}).Draw(rt, "id"), Nonce: rapid.StringMatching(`[a-z]{0,5}`).Draw(rt, "nonce")}
		past := func(name string) time.Time {
			if !rapid.Bool().Draw(rt, name) {
				return time.Time{}
			}
			return born.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(o.clock.Now().Sub(born))).Draw(rt, name+" at")))
		}
		q.At, q.KnownAt = past("at"), past("knownAt")
		if rapid.Bool().Draw(rt, "file") {
			q.DocumentSHA256 = rapid.SampledFrom([]string{hex.EncodeToString(d.FileSHA256[:]), strings.Repeat("0a", 32)}).Draw(rt, "digest")
		}
		answer := o.ask(q)
		compact, err := o.responder.Receipt(t.Context(), answer)
		must(t, err)
		given[answer.InquiryID], signed[answer.InquiryID] = answer, o.claimsOf(compact)
	})
	_ = o.revoke(ds[0], time.Time{})
	o.clock.Advance(300 * 24 * time.Hour)
	for id, then := range given {
		now, err := o.responder.Inquiry(t.Context(), o.recipient, id)
		must(t, err)
		if then.Reason == poa.ReasonMistypedID {
			then.DelegationID = "" // its text was never kept
		}
		if diff := cmp.Diff(then, now.Answer); diff != "" {
			t.Fatalf("the answer changed: %s", diff)
		}
		compact, err := o.responder.ReceiptAgain(t.Context(), o.recipient, id)
		must(t, err)
		if diff := cmp.Diff(signed[id], o.claimsOf(compact)); diff != "" {
			t.Fatalf("the receipt changed: %s", diff)
		}
	}
}

func TestHistoryOfInquiries(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	var asked []string
	for range 5 {
		asked = append(asked, o.ask(poa.Question{DelegationID: string(d.ID), Nonce: "=cmd"}).InquiryID)
		o.clock.Advance(24 * time.Hour)
	}
	other, otherCredential := o.enrolRecipient("second@example.jp")
	answers, err := o.responder.Ask(t.Context(), otherCredential, []poa.Question{{DelegationID: string(d.ID)}})
	must(t, err)
	t.Run("pages hold one's own, newest first", func(t *testing.T) {
		var seen []string
		for page := (poa.Page{First: 2}); ; {
			list, err := o.responder.Inquiries(t.Context(), o.recipient, poa.InquiryFilter{}, page)
			must(t, err)
			for _, each := range list.Items {
				seen = append([]string{each.InquiryID}, seen...)
			}
			if !list.HasNext {
				break
			}
			page.After = list.Cursors[len(list.Cursors)-1]
		}
		if diff := cmp.Diff(asked, seen); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("filters narrow", func(t *testing.T) {
		for name, row := range map[string]struct {
			f    poa.InquiryFilter
			want int
		}{
			"by another delegation": {poa.InquiryFilter{DelegationID: poa.NewDelegationID()}, 0}, "by a token of nobody": {poa.InquiryFilter{TokenID: "tok_1"}, 0},
			"by a day":     {poa.InquiryFilter{From: o.clock.Now().Add(-48 * time.Hour), Until: o.clock.Now().Add(-24 * time.Hour)}, 1},
			"by recipient": {poa.InquiryFilter{RecipientID: other.PartyID}, 5}, // the actor's own, whatever was asked
		} {
			list, err := o.responder.Inquiries(t.Context(), o.recipient, row.f, poa.Page{First: 10})
			if err != nil || len(list.Items) != row.want {
				t.Errorf("%s: %d, %v", name, len(list.Items), err)
			}
		}
	})
	t.Run("another's look missing", func(t *testing.T) {
		for _, id := range []string{answers[0].InquiryID, poa.NewID(poa.PrefixInquiry), "inq_x"} {
			_, err := o.responder.Inquiry(t.Context(), o.recipient, id)
			wantCode(t, err, poa.CodeNotFound)
			_, err = o.responder.ReceiptAgain(t.Context(), o.recipient, id)
			wantCode(t, err, poa.CodeNotFound)
		}
		_, err := o.responder.Inquiries(t.Context(), o.delegator, poa.InquiryFilter{}, poa.Page{})
		wantCode(t, err, poa.CodeForbidden)
	})
	t.Run("the export is bounded, guarded and audited", func(t *testing.T) {
		now := o.clock.Now()
		for code, f := range map[poa.Code]poa.InquiryFilter{poa.CodeRequired: {Until: now}, poa.CodeDateOrder: {From: now, Until: now}, poa.CodePeriod: {From: now.Add(-poa.MaxExport - time.Second), Until: now}} {
			_, err := o.responder.InquiriesCSV(t.Context(), o.recipient, f)
			wantCode(t, err, code)
		}
		write, err := o.responder.InquiriesCSV(t.Context(), o.recipient, poa.InquiryFilter{From: now.AddDate(0, -1, 0), Until: now})
		must(t, err)
		var out strings.Builder
		must(t, write(&out))
		text := out.String()
		if strings.Count(text, "\n") != 6 || strings.Contains(text, ",=cmd") || strings.Count(text, ",'=cmd,") != 5 || strings.Contains(text, answers[0].InquiryID) {
			t.Error(text)
		}
	})
}

func TestCells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		got := poa.Cell(text)
		if got != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", []rune(got)[0]) || strings.TrimPrefix(got, "'") != strings.TrimPrefix(text, "'") {
			rt.Errorf("%q became %q", text, got)
		}
	})
}

func TestCellsThatBeginAFormula(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"=1+1", "+81", "-1", "@SUM(A1)", "＝HYPERLINK(\"x\")", "＋81", "－1", "＠SUM", "\t=1", "\r=1", "\n=1"} {
		if got := poa.Cell(text); got != "'"+text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "株式会社＝", "ー", "a=1", "'=1", "‐", "\xff="} {
		if got := poa.Cell(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestErasedAnswers: where the delegation's facts were erased, the row stays and
// says so.
func TestErasedAnswers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	id := o.ask(poa.Question{DelegationID: string(d.ID)}).InquiryID
	o.data.Exec(t, "DELETE FROM projections", "DELETE FROM facts")
	past, err := o.responder.Inquiry(t.Context(), o.recipient, id)
	if err != nil || !past.Gone {
		t.Errorf("%+v, %v", past, err)
	}
	_, err = o.responder.ReceiptAgain(t.Context(), o.recipient, id)
	wantCode(t, err, poa.CodeNotFound)
}
