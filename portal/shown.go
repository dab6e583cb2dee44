// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// universal and japan write an instant to the second, for what is printed and kept.
func universal(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func japan(at time.Time) string { return at.In(poa.JST).Format("2006-01-02 15:04:05 JST") }

// overlaps are the choices of how long what is old goes on beside the new.
func (t translator) overlaps(f Field) Field {
	for _, hours := range overlaps {
		f.Options = append(f.Options, Option{hours, t.text("overlap." + hours)})
	}
	return f
}

// statuses are the choices of a filter by status.
func (t translator) statuses(f Field) Field {
	f.Options = []Option{{"", t.text("narrow.any")}}
	return labelled(f, t, "status", statuses)
}

// mailed are the notices that an address can be bound to.
func (t translator) mailed(f Field) Field {
	return labelled(f, t, "notice", poa.AddressTypes())
}
