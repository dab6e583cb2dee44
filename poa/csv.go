// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxExport bounds the period of an export of inquiries.
const MaxExport = 400 * 24 * time.Hour

// byteOrderMark lets spreadsheets read a file as UTF-8.
const byteOrderMark = "\uFEFF"

// formulaMarks begin what spreadsheets take for a formula. Those of Japan read the
// full-width signs as the others, and some drop what only makes room before one.
const formulaMarks = "=+-@＝＋－＠\t\r\n"

// Cell guards a cell against being taken for a formula by whoever opens the
// file: one that begins like one gets an apostrophe before it.
func Cell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune(formulaMarks, first) {
		return "'" + text
	}
	return text
}

// sheet writes guarded rows.
type sheet struct{ *csv.Writer }

func newSheet(w io.Writer) (sheet, error) {
	_, err := io.WriteString(w, byteOrderMark)
	return sheet{csv.NewWriter(w)}, err
}

func (s sheet) row(cells ...string) error {
	for i := range cells {
		cells[i] = Cell(cells[i])
	}
	return s.Write(cells)
}

func (s sheet) done() error {
	s.Flush()
	return s.Error()
}

// InquiriesCSV returns what writes the actor's own inquiries of a period as CSV,
// the newest first. The period is from From to before Until, at most 400 days.
// The export is audited before a row is read.
func (r *Responder) InquiriesCSV(ctx context.Context, actor Actor, f InquiryFilter) (func(io.Writer) error, error) {
	if err := r.admit(ctx, actor, ActionInquiriesExported, actor.require(ActorRecipient)); err != nil {
		return nil, err
	}
	faults := checkExport(f)
	if !f.storable() {
		faults.Add(CodeInvalid, "filter")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	f.RecipientID = actor.PartyID
	_, err := r.perform(ctx, actor, ActionInquiriesExported, "", nil, func(_ context.Context, a *act) (string, error) {
		a.note("from", f.From.UTC().Format(time.RFC3339))
		a.note("until", f.Until.UTC().Format(time.RFC3339))
		return actor.PartyID, nil
	})
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return r.writeInquiries(ctx, f, w, 0) }, nil
}

func checkExport(f InquiryFilter) Faults {
	var faults Faults
	switch {
	case f.From.IsZero():
		faults.Add(CodeRequired, "from")
	case f.Until.IsZero():
		faults.Add(CodeRequired, "through")
	case !f.From.Before(f.Until):
		faults.Add(CodeDateOrder, "through")
	case f.Until.Sub(f.From) > MaxExport:
		faults.Add(CodePeriod, "through", "bound", strconv.Itoa(int(MaxExport.Hours()/24)))
	}
	return faults
}

var inquiryColumns = []string{"answered_at_utc", "answered_at_jst", "inquiry_id", "delegation_id", "status", "reason", "as_of_utc", "known_at_utc",
	"file_compared", "document_sha256", "document_matches", "delegate_certificate_sha256", "delegate_matches", "valid_from", "valid_through", "version", "nonce", "account_id", "token_id", "leaf_hash"}

// writeInquiries streams the rows page by page; a bound of 0 is none.
func (r *Responder) writeInquiries(ctx context.Context, f InquiryFilter, w io.Writer, bound int) error {
	s, err := newSheet(w)
	if err != nil {
		return err
	}
	if err := s.row(inquiryColumns...); err != nil {
		return err
	}
	err = r.eachInquiry(ctx, f, bound, func(past PastAnswer) error { return s.row(past.cells()...) })
	if err != nil {
		return err
	}
	return s.done()
}

// eachInquiry calls do for every inquiry that fits, the newest first.
func (r *Responder) eachInquiry(ctx context.Context, f InquiryFilter, bound int, do func(PastAnswer) error) error {
	for n, page := 0, (Page{First: MaxPage}); ; {
		list, err := r.answered(ctx, f, page)
		if err != nil {
			return err
		}
		for _, past := range list.Items {
			if n++; bound > 0 && n > bound {
				return nil
			}
			if err := do(past); err != nil {
				return err
			}
		}
		if !list.HasNext {
			return nil
		}
		page.After = list.Cursors[len(list.Cursors)-1]
	}
}

func (p PastAnswer) cells() []string {
	instant := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	truth := func(b *bool) string {
		if b == nil {
			return ""
		}
		return strconv.FormatBool(*b)
	}
	status, version, from, through := string(p.Status), "", "", ""
	if p.Gone {
		status = "ERASED"
	}
	if p.Version > 0 {
		version = strconv.Itoa(p.Version)
	}
	if p.Term != nil {
		from, through = p.Term.From.String(), p.Term.Through.String()
	}
	return []string{instant(p.AnsweredAt), p.AnsweredAt.In(JST).Format("2006-01-02 15:04:05"), p.InquiryID, string(p.Question.DelegationID), status, string(p.Reason),
		instant(p.AsOf), instant(p.KnownAt), strconv.FormatBool(p.DocumentMatches != nil), p.Question.DocumentSHA256, truth(p.DocumentMatches),
		p.Question.DelegateCertificateSHA256, truth(p.DelegateMatches), from, through, version, p.Question.Nonce, p.AccountID, p.TokenID, hexOf(p.LeafHash)}
}

// maxWatchRows bounds the rows of an export of watches.
const maxWatchRows = 100_000

// WatchesCSV returns what writes the actor's own watches as CSV, each with its
// standing now, at most 100,000 of them.
func (r *Records) WatchesCSV(ctx context.Context, actor Actor, f WatchFilter) (func(io.Writer) error, error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return nil, err
	}
	f.Now = r.clock.Now()
	return func(w io.Writer) error { return writeWatches(ctx, r.store, actor.PartyID, f, w) }, nil
}

func writeWatches(ctx context.Context, from Reader, recipientID string, f WatchFilter, w io.Writer) error {
	s, err := newSheet(w)
	if err != nil {
		return err
	}
	if err := s.row("delegation_id", "status", "reason", "version", "valid_from", "valid_through", "watched_since_utc", "as_of_utc"); err != nil {
		return err
	}
	for n, page := 0, (Page{First: MaxPage}); n < maxWatchRows; n += MaxPage {
		list, err := from.WatchPage(ctx, recipientID, f, page)
		if err != nil {
			return fmt.Errorf("reading watches: %w", err)
		}
		for _, row := range list.Items {
			err := s.row(string(row.DelegationID), string(row.Standing.Status), string(row.Standing.Reason), strconv.Itoa(row.Standing.Version),
				row.Term.From.String(), row.Term.Through.String(), row.Since.UTC().Format(time.RFC3339), f.Now.UTC().Format(time.RFC3339))
			if err != nil {
				return err
			}
		}
		if !list.HasNext {
			break
		}
		page.After = list.Cursors[len(list.Cursors)-1]
	}
	return s.done()
}

// WatchPage lists the actor's own watches, each with how its delegation stands
// now, the newest first.
func (r *Records) WatchPage(ctx context.Context, actor Actor, f WatchFilter, p Page) (List[WatchRow], error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return List[WatchRow]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[WatchRow]{}, err
	}
	f.Now = r.clock.Now()
	return r.store.WatchPage(ctx, actor.PartyID, f, p)
}

// WatchAsked tells whether the recipient watches what it asks about.
func (r *Records) WatchAsked(ctx context.Context, actor Actor) (bool, error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return false, err
	}
	return r.store.WatchAsked(ctx, actor.PartyID)
}

// CountWatches tells how many delegations the recipient watches.
func (r *Records) CountWatches(ctx context.Context, actor Actor) (int, error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return 0, err
	}
	return r.store.CountWatches(ctx, actor.PartyID)
}
