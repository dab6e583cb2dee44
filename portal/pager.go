// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// pager leads to the pages before and after.
type pager struct {
	Total          int
	Previous, Next string
}

func pagerOf[T any](r *request, list poa.List[T]) pager {
	out := pager{Total: list.Total}
	if n := len(list.Cursors); n > 0 {
		if list.HasPrevious {
			out.Previous = r.with("before", list.Cursors[0], "after", "done", "lang")
		}
		if list.HasNext {
			out.Next = r.with("after", list.Cursors[n-1], "before", "done", "lang")
		}
	}
	return out
}
