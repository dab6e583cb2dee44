// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// defaultPage is the size of a page for which none was asked.
const defaultPage = 20

// cursor is a place in a list: the value it is ordered by and the ID that
// breaks ties. Exactly one of At and Day is set.
type cursor struct {
	At  time.Time `json:"t,omitzero"`
	Day string    `json:"d,omitempty"`
	ID  string    `json:"i"`
}

func (c cursor) encode() string {
	b, _ := json.Marshal(c) // strings and times always encode
	return base64.RawURLEncoding.EncodeToString(b)
}

// maxCursor bounds what is decoded; a cursor of ours is far shorter.
const maxCursor = 512

// decodeCursor reads a cursor of the ordering's kind. Whatever it takes,
// PostgreSQL takes, too.
func decodeCursor(s, field string, days bool) (cursor, error) {
	var c cursor
	if len(s) <= maxCursor {
		if b, err := base64.RawURLEncoding.DecodeString(s); err == nil && json.Unmarshal(b, &c) == nil && c.fits(days) {
			return c, nil
		}
	}
	return cursor{}, poa.Faults{{Code: poa.CodeInvalid, Field: []string{field}}}
}

func (c cursor) fits(days bool) bool {
	if c.ID == "" || strings.ContainsRune(c.ID, 0) {
		return false
	}
	if days {
		_, err := poa.ParseDate(c.Day)
		return err == nil && c.Day[:4] != "0000" // PostgreSQL has no year 0
	}
	year := c.At.UTC().Year()
	return c.Day == "" && year >= 1 && year <= 9999
}

// ordering is how a list is ordered: by a column and then by the ID's.
type ordering struct {
	column, id string
	ascending  bool
	// days tells that the column is a date.
	days bool
	// uncounted leaves the total out: 0.
	uncounted bool
}

// paged reads one page as Relay's connections cut it: forwards with First and
// After, backwards with Last and Before. filtered makes the filtered query on
// the rows it is handed, without order and limit.
func paged[R, T any](ctx context.Context, filtered func(rows *[]R) *bun.SelectQuery, o ordering, p poa.Page,
	place func(R) cursor, convert func(context.Context, R) (T, error),
) (poa.List[T], error) {
	total, err := o.total(ctx, filtered(new([]R)), p.CountTo)
	if err != nil {
		return poa.List[T]{}, failed(err, "counting rows")
	}
	w, err := o.window(p)
	if err != nil {
		return poa.List[T]{}, err
	}
	var rows []R
	if err := w.narrow(filtered(&rows), o).Scan(ctx); err != nil {
		return poa.List[T]{}, failed(err, "reading a page")
	}
	return cut(ctx, rows, w, total, place, convert)
}

// window is what of a list a page shows.
type window struct {
	size      int
	backwards bool
	// ascending is the direction of reading.
	ascending bool
	// from is where it begins, nil for the list's own end.
	from *cursor
}

func (o ordering) window(p poa.Page) (window, error) {
	w := window{backwards: p.Last > 0 || p.Before != ""}
	size, from, field := p.First, p.After, "after"
	if w.backwards {
		size, from, field = p.Last, p.Before, "before"
	}
	w.size, w.ascending = pageSize(size), o.ascending != w.backwards
	if from == "" {
		return w, nil
	}
	c, err := decodeCursor(from, field, o.days)
	w.from = &c
	return w, err
}

// narrow reads the window of a query, and one row more.
func (w window) narrow(q *bun.SelectQuery, o ordering) *bun.SelectQuery {
	if w.from != nil {
		q = beyond(q, o, w.ascending, *w.from)
	}
	direction := bun.Safe("DESC")
	if w.ascending {
		direction = bun.Safe("ASC")
	}
	return q.OrderExpr("? ?, ? ?", bun.Ident(o.column), direction, bun.Ident(o.id), direction).Limit(int64(w.size) + 1)
}

// total counts as far as the list is counted at all.
func (o ordering) total(ctx context.Context, q *bun.SelectQuery, bound int) (int, error) {
	if o.uncounted {
		return 0, nil
	}
	return count(ctx, q, bound)
}

// count counts the rows of a query: all of them, or at most one more than the
// bound, so that the count of a long list costs no more than that of a short one.
func count(ctx context.Context, q *bun.SelectQuery, bound int) (int, error) {
	if bound <= 0 {
		total, err := q.Count(ctx)
		return int(total), err
	}
	var ones []int
	err := q.ColumnExpr("1").Limit(int64(bound)+1).Scan(ctx, &ones)
	return len(ones), err
}

func pageSize(n int) int {
	if n <= 0 {
		return defaultPage
	}
	return min(n, poa.MaxPage)
}

// beyond keeps the rows after a place in the direction of reading.
func beyond(q *bun.SelectQuery, o ordering, ascending bool, c cursor) *bun.SelectQuery {
	compare := bun.Safe("<")
	if ascending {
		compare = bun.Safe(">")
	}
	if o.days {
		return q.Where("(?, ?) ? (?::date, ?)", bun.Ident(o.column), bun.Ident(o.id), compare, c.Day, c.ID)
	}
	return q.Where("(?, ?) ? (?::timestamptz, ?)", bun.Ident(o.column), bun.Ident(o.id), compare, c.At.UTC(), c.ID)
}

// cut makes the page of the rows read: one row too many tells that there are
// more that way.
func cut[R, T any](ctx context.Context, rows []R, w window, total int,
	place func(R) cursor, convert func(context.Context, R) (T, error),
) (poa.List[T], error) {
	more, from := len(rows) > w.size, w.from != nil
	if more {
		rows = rows[:w.size]
	}
	list := poa.List[T]{Total: total, HasNext: more, HasPrevious: from, Items: []T{}, Cursors: []string{}}
	if w.backwards {
		slices.Reverse(rows)
		list.HasNext, list.HasPrevious = from, more
	}
	for _, r := range rows {
		item, err := convert(ctx, r)
		if err != nil {
			return poa.List[T]{}, err
		}
		list.Items = append(list.Items, item)
		list.Cursors = append(list.Cursors, place(r).encode())
	}
	return list, nil
}
