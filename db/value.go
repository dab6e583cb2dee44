// SPDX-License-Identifier: Apache-2.0

package db

import (
	"fmt"
	"time"

	"ininjo/poa"
)

// Zero values of the domain are NULL in the database, and the other way round;
// instants come back in the session's zone and leave here in UTC.

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func fromNullTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func nullText[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	text := string(s)
	return &text
}

func fromNullText[S ~string](s *string) S {
	if s == nil {
		return ""
	}
	return S(*s)
}

func nullNumber(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func fromNull[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// fromDay reads a column of type date, which the driver returns as midnight.
func fromDay(t *time.Time) poa.Date {
	if t == nil || t.IsZero() {
		return poa.Date{}
	}
	return poa.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// fromDigest reads a digest; NULL is the zero digest.
func fromDigest(b []byte) ([32]byte, error) {
	var d [32]byte
	if len(b) == 0 {
		return d, nil
	}
	if len(b) != len(d) {
		return d, fmt.Errorf("reading digest: want 32 bytes, have %d", len(b))
	}
	copy(d[:], b)
	return d, nil
}

// texts turns a list of a text type into plain texts, never nil.
func texts[S ~string](list []S) []string {
	plain := make([]string, len(list))
	for i, s := range list {
		plain[i] = string(s)
	}
	return plain
}

// fromTexts is the reverse of texts; an empty list is nil.
func fromTexts[S ~string](list []string) []S {
	if len(list) == 0 {
		return nil
	}
	typed := make([]S, len(list))
	for i, s := range list {
		typed[i] = S(s)
	}
	return typed
}
