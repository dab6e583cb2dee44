// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
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
	tooMany = tooLarge
	tooSlow = failure{http.StatusRequestTimeout, poa.CodeBadUserInput}
)

// counter counts what commas separate in a JSON text that comes in parts, without
// reading it further.
type counter struct {
	commas          int
	quoted, escaped bool
}

// add counts on in the next part.
func (c *counter) add(part []byte) {
	if c.escaped && len(part) > 0 { // what it stands before ends no string
		part, c.escaped = part[1:], false
	}
	for len(part) > 0 {
		if c.quoted {
			part = c.string(part)
			continue
		}
		i := bytes.IndexByte(part, '"')
		c.quoted = i >= 0
		if i < 0 {
			i = len(part) - 1
		}
		c.commas += bytes.Count(part[:i+1], comma)
		part = part[i+1:]
	}
}

var comma = []byte(",")

// string passes over what is left of a string, and returns what follows it.
func (c *counter) string(part []byte) []byte {
	end := bytes.IndexByte(part, '"')
	for from := 0; ; {
		until := end
		if end < 0 {
			until = len(part)
		}
		escape := bytes.IndexByte(part[from:until], '\\')
		if escape < 0 {
			break
		}
		from += escape + 2
		if from > len(part) {
			c.escaped = true
			return nil
		}
		if end >= 0 && from > end {
			if end = bytes.IndexByte(part[from:], '"'); end >= 0 {
				end += from
			}
		}
	}
	if end < 0 {
		return nil
	}
	c.quoted = false
	return part[end+1:]
}

// countValues counts the values of a whole text.
func countValues(text string) int {
	var c counter
	c.add([]byte(text))
	return 1 + c.commas
}

// unread is why a body could not be read.
func unread(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return tooSlow
	case errors.As(err, &large):
		return tooLarge
	}
	return badRequest
}
