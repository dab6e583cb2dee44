// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"errors"
	"net/http"
	"os"

	"ininjo/poa"
)

// maxValues bounds the members and elements of a body or of a variable's text,
// all together. The largest input has a few hundred; a list of a million takes
// gigabytes and seconds before the schema refuses it.
const maxValues = 20_000

var (
	tooMany = failure{http.StatusRequestEntityTooLarge, poa.CodeTooLarge}
	tooSlow = failure{http.StatusRequestTimeout, poa.CodeBadUserInput}
)

// values counts what commas separate in a JSON text, without reading it further.
func values(text []byte) int {
	count, quoted := 1, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quoted {
				i++ // what it stands before ends no string
			}
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				count++
			}
		}
	}
	return count
}

// unread is why a body could not be read, other than for its length.
func unread(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return tooSlow
	}
	return badRequest
}

// undecoded is why a body could not be decoded.
func undecoded(err error) error {
	if errors.Is(err, tooMany) {
		return tooMany
	}
	return badRequest
}
