// SPDX-License-Identifier: Apache-2.0

package log

import (
	"encoding/binary"
	"time"
)

// The first lines of the encodings.
const (
	auditPrefix   = "ininjo/audit/1\n"
	inquiryPrefix = "ininjo/inquiry/1\n"
)

// encoder appends fields as doc.go describes.
type encoder []byte

func (e *encoder) text(s string) {
	*e = binary.BigEndian.AppendUint32(*e, uint32(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) number(n int64) {
	*e = binary.BigEndian.AppendUint64(*e, uint64(n))
}

func (e *encoder) instant(t time.Time) { e.number(t.UnixMicro()) }

func (e *encoder) truth(b bool) {
	if b {
		*e = append(*e, 1)
		return
	}
	*e = append(*e, 0)
}

func (e *encoder) optionalInstant(t *time.Time) {
	e.truth(t != nil)
	if t != nil {
		e.instant(*t)
	}
}

func (e *encoder) optionalNumber(n *int) {
	e.truth(n != nil)
	if n != nil {
		e.number(int64(*n))
	}
}
