// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa"
)

func at(n int64) *int64 { return &n }

// feed reads the party's feed after a number.
func (o *office) feed(actor poa.Actor, in poa.FeedInput) (poa.Feed, error) {
	o.tb.Helper()
	if in.Limit == 0 {
		in.Limit = 100
	}
	return o.notifier.Feed(o.tb.Context(), actor, in)
}

// comesAndGoes lets a delegation that the recipient watches be suspended and resumed
// n times, and numbers the changes.
func (o *office) comesAndGoes(d poa.Delegation, n int) {
	o.tb.Helper()
	for range n {
		id, err := o.registrar.Suspend(o.tb.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
		must(o.tb, err)
		_, err = o.registrar.Resume(o.tb.Context(), o.reception, lift(d, id))
		must(o.tb, err)
	}
	o.number()
}

// newFeed is an office whose recipient was told four changes of a delegation.
func newFeed(t *testing.T) (*office, poa.Delegation, poa.Feed) {
	t.Helper()
	o := newOffice(t)
	d := o.accepted()
	o.watch(o.recipient, d)
	o.comesAndGoes(d, 2)
	all, err := o.feed(o.recipient, poa.FeedInput{After: at(0)})
	must(t, err)
	return o, d, all
}

func TestFeed(t *testing.T) {
	t.Parallel()
	o, d, all := newFeed(t)
	t.Run("a party whose sequence never began learns its stream", func(t *testing.T) {
		f, err := o.feed(o.enrol("new@example.jp"), poa.FeedInput{})
		must(t, err)
		if f.Stream == "" || f.Sequence != 0 || f.Next != 0 || len(f.Notices) != 0 {
			t.Errorf("read %+v", f)
		}
	})
	t.Run("pages follow one another without a gap and say what webhooks say", func(t *testing.T) {
		var types []poa.NoticeType
		for after := int64(0); ; {
			f, err := o.feed(o.recipient, poa.FeedInput{Stream: all.Stream, After: &after, Limit: 3})
			must(t, err)
			for i, n := range f.Notices {
				body := n.Body()
				if body.Data.Sequence != after+int64(i)+1 || body.Data.Previous != body.Data.Sequence-1 || body.Data.Stream != all.Stream || body.Data.DelegationID != d.ID {
					t.Errorf("after %d: %+v", after, body)
				}
				types = append(types, body.Type)
			}
			if after = f.Next; !f.More() {
				break
			}
		}
		if diff := cmp.Diff([]poa.NoticeType{poa.NoticeSuspended, poa.NoticeResumed, poa.NoticeSuspended, poa.NoticeResumed}, types); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what cannot be meant is refused", func(t *testing.T) {
		for name, in := range map[string]struct {
			poa.FeedInput
			code poa.Code
		}{
			"negative":      {poa.FeedInput{After: at(-1), Limit: 1}, poa.CodeInvalid},
			"beyond":        {poa.FeedInput{After: at(5), Limit: 1}, poa.CodeStreamChanged},
			"other stream":  {poa.FeedInput{Stream: "00000000-0000-4000-8000-000000000000", After: at(1), Limit: 1}, poa.CodeStreamChanged},
			"no stream":     {poa.FeedInput{Stream: "x", Limit: 1}, poa.CodeInvalid},
			"too many":      {poa.FeedInput{Limit: poa.MaxFeed + 1}, poa.CodeTooMany},
			"less than one": {poa.FeedInput{Limit: -1}, poa.CodeInvalid},
		} {
			f, err := o.feed(o.recipient, in.FeedInput)
			wantCode(t, err, in.code)
			if in.code == poa.CodeStreamChanged && (f.Stream != all.Stream || f.Sequence != 4) {
				t.Errorf("%s: does not say where the sequence stands: %+v", name, f)
			}
		}
	})
}

func TestFeedOfOthers(t *testing.T) {
	t.Parallel()
	o, d, all := newFeed(t)
	t.Run("another party sees nothing of it, staff and delegates have no feed", func(t *testing.T) {
		second, _ := o.enrolRecipient("second@example.jp")
		f, err := o.feed(second, poa.FeedInput{After: at(0)})
		must(t, err)
		if len(f.Notices) != 0 || f.Sequence != 0 || f.Stream == all.Stream {
			t.Errorf("read %+v", f)
		}
		_, err = o.feed(o.reception, poa.FeedInput{})
		wantCode(t, err, poa.CodeForbidden)
		_, err = o.feed(poa.Actor{Kind: poa.ActorDelegate, ID: "lnk_1", DelegationID: d.ID}, poa.FeedInput{})
		wantCode(t, err, poa.CodeForbidden)
		_, err = o.feed(poa.Anonymous("ja"), poa.FeedInput{})
		wantCode(t, err, poa.CodeUnauthenticated)
	})
	t.Run("notices past their period are told as gone", func(t *testing.T) {
		o.data.Exec(t, "DELETE FROM notices WHERE party_id = '"+o.recipient.PartyID+"' AND sequence <= 2")
		_, err := o.feed(o.recipient, poa.FeedInput{After: at(1)})
		wantCode(t, err, poa.CodeSequenceGone)
		f, err := o.feed(o.recipient, poa.FeedInput{After: at(2)})
		must(t, err)
		fresh, err := o.feed(o.recipient, poa.FeedInput{}) // who names no number gets what there is
		must(t, err)
		if len(f.Notices) != 2 || len(fresh.Notices) != 2 || fresh.Notices[0].Body().Data.Previous != 2 {
			t.Errorf("kept %d, and %d", len(f.Notices), len(fresh.Notices))
		}
		o.data.Exec(t, "DELETE FROM notices WHERE party_id = '"+o.recipient.PartyID+"'")
		_, err = o.feed(o.recipient, poa.FeedInput{After: at(3)})
		wantCode(t, err, poa.CodeSequenceGone)
		fresh, err = o.feed(o.recipient, poa.FeedInput{})
		must(t, err)
		if fresh.Next != 4 {
			t.Errorf("goes on after %d", fresh.Next)
		}
	})
}

func TestAcknowledging(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	o.watch(o.recipient, d)
	o.comesAndGoes(d, 3)
	f, err := o.feed(o.recipient, poa.FeedInput{})
	must(t, err)
	acknowledge := func(stream string, n int64) (poa.FeedSlice, error) {
		return o.notifier.AcknowledgeFeed(t.Context(), o.recipient, poa.AcknowledgeInput{Stream: stream, Sequence: n})
	}
	t.Run("never goes backwards, whatever is acknowledged in what order", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			before, err := acknowledge(f.Stream, 1)
			must(t, err)
			n := rapid.Int64Range(1, 5).Draw(r, "n")
			after, err := acknowledge(f.Stream, n)
			must(t, err)
			if want := max(before.Acknowledged, n); after.Acknowledged != want {
				r.Fatalf("%d after %d became %d", n, before.Acknowledged, after.Acknowledged)
			}
			read, err := o.feed(o.recipient, poa.FeedInput{})
			must(t, err)
			if read.Acknowledged != after.Acknowledged || read.After != after.Acknowledged || read.AcknowledgedAt.IsZero() {
				r.Fatalf("shown as %+v", read)
			}
		})
	})
	t.Run("beyond the head, of another stream and by others nothing is kept", func(t *testing.T) {
		_, err := acknowledge(f.Stream, 7)
		wantCode(t, err, poa.CodeInvalid)
		_, err = acknowledge(f.Stream, 0)
		wantCode(t, err, poa.CodeInvalid)
		_, err = acknowledge(f.Stream, -1)
		wantCode(t, err, poa.CodeInvalid)
		_, err = acknowledge("00000000-0000-4000-8000-000000000000", 1)
		wantCode(t, err, poa.CodeStreamChanged)
		_, err = acknowledge("", 1)
		wantCode(t, err, poa.CodeRequired)
		_, err = o.notifier.AcknowledgeFeed(t.Context(), o.delegator, poa.AcknowledgeInput{Stream: f.Stream, Sequence: 1}) // the stream is another party's
		wantCode(t, err, poa.CodeStreamChanged)
		_, err = o.notifier.AcknowledgeFeed(t.Context(), o.reception, poa.AcknowledgeInput{Stream: f.Stream, Sequence: 1})
		wantCode(t, err, poa.CodeForbidden)
	})
	t.Run("at once by several, the highest stays", func(t *testing.T) {
		var runs []func() error
		for n := int64(1); n <= 6; n++ {
			runs = append(runs, func() error { _, err := acknowledge(f.Stream, n); return err })
		}
		for _, err := range atOnce(runs...) {
			must(t, err)
		}
		read, err := o.feed(o.recipient, poa.FeedInput{})
		must(t, err)
		if read.Acknowledged != 6 || read.More() {
			t.Errorf("read %+v", read)
		}
	})
	t.Run("after a restore the new stream has nothing acknowledged", func(t *testing.T) {
		o.data.Exec(t, "UPDATE streams SET stream = gen_random_uuid(), sequence = 0")
		read, err := o.feed(o.recipient, poa.FeedInput{})
		must(t, err)
		if read.Acknowledged != 0 || read.Stream == f.Stream {
			t.Errorf("read %+v", read)
		}
		_, err = o.feed(o.recipient, poa.FeedInput{Stream: f.Stream, After: at(6)})
		wantCode(t, err, poa.CodeStreamChanged)
	})
}
