// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
)

// MaxCheckedList bounds the IDs of a list that is checked at once.
const MaxCheckedList = 1000

// listColumns are those of the answers to a list.
var listColumns = []string{"delegation_id", "status", "reason", "as_of_utc", "valid_from", "valid_through", "version", "inquiry_id"}

// CheckList answers for every ID of a list, which is CSV: the first column of
// each row, whose first one may name it. They are asked in statements of a
// hundred. It returns what writes the answers as CSV, in the order of the list.
func (r *Responder) CheckList(ctx context.Context, c Credential, text string) (func(io.Writer) error, error) {
	ids, faults := listedIDs(text)
	if len(faults) > 0 {
		return nil, faults
	}
	answers := make([]Answer, 0, len(ids))
	for begin := 0; begin < len(ids); begin += MaxInquiries {
		some := ids[begin:min(begin+MaxInquiries, len(ids))]
		questions := make([]Question, len(some))
		for i, id := range some {
			questions[i].DelegationID = SpokenID(id)
		}
		answered, err := r.Ask(ctx, c, questions)
		if err != nil {
			return nil, err
		}
		for i := range answered {
			answered[i].DelegationID = listedAs(answered[i], some[i])
		}
		answers = append(answers, answered...)
	}
	return func(w io.Writer) error { return writeAnswers(w, answers) }, nil
}

// listedAs is the ID in its one writing, or as it stands in the list where it is
// none.
func listedAs(a Answer, written string) string {
	if a.Reason == ReasonMistypedID {
		return written
	}
	return a.DelegationID
}

// listedIDs reads the first column of a list.
func listedIDs(text string) ([]string, Faults) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, byteOrderMark)))
	reader.FieldsPerRecord, reader.LazyQuotes, reader.ReuseRecord = -1, true, true
	var ids []string
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, Faults{newFault(CodeInvalid, "list")}
		}
		id := strings.TrimSpace(row[0])
		if id == "" || len(ids) == 0 && strings.EqualFold(id, listColumns[0]) {
			continue
		}
		if ids = append(ids, strings.Clone(id)); len(ids) > MaxCheckedList {
			return nil, Faults{newFault(CodeTooMany, "list", "bound", strconv.Itoa(MaxCheckedList))}
		}
	}
	if len(ids) == 0 {
		return nil, Faults{newFault(CodeRequired, "list")}
	}
	return ids, nil
}

func writeAnswers(w io.Writer, answers []Answer) error {
	s, err := newSheet(w)
	if err != nil {
		return err
	}
	if err := s.row(listColumns...); err != nil {
		return err
	}
	for _, a := range answers {
		version, from, through := "", "", ""
		if a.Version > 0 {
			version = strconv.Itoa(a.Version)
		}
		if a.Term != nil {
			from, through = a.Term.From.String(), a.Term.Through.String()
		}
		if err := s.row(a.DelegationID, string(a.Status), string(a.Reason), a.AsOf.UTC().Format("2006-01-02T15:04:05.999999Z07:00"), from, through, version, a.InquiryID); err != nil {
			return err
		}
	}
	return s.done()
}
