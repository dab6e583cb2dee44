// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"errors"
	"io"
	"net/http"
	"runtime"

	"ininjo/poa"
)

const (
	// smallBody is up to what length a body is read into a buffer that is kept. It
	// cannot hold too many values.
	smallBody = 16 << 10
	// firstPart is the buffer that a body begins with whose length is not known to
	// be small; bodyPart is how much is read before it is looked at.
	firstPart, bodyPart = 4 << 10, 32 << 10
	// largeBody is what a body has to be longer than to need room, and for a
	// refusal to end its connection: what is left of it is not read.
	largeBody = 64 << 10
)

var tooLarge = failure{http.StatusRequestEntityTooLarge, poa.CodeTooLarge}

// nobody has nothing to leave.
func nobody() {}

// unbounded says whether a body may be so long that its connection is given up
// before the rest is read.
func unbounded(r *http.Request) bool { return r.ContentLength < 0 || r.ContentLength > largeBody }

// body reads the body of a POST, a small one into memory that is used again. The
// room that a large one takes is its own until leave is called.
func (t *Handler) body(w http.ResponseWriter, r *http.Request, s *Lean) (body []byte, leave func(), err error) {
	if !isJSON(r.Header) {
		return nil, nobody, failure{http.StatusUnsupportedMediaType, poa.CodeBadUserInput}
	}
	if r.ContentLength > t.limits.Body { // said before it is read
		return nil, nobody, tooLarge
	}
	if length := r.ContentLength; length > 0 && length <= min(smallBody, t.limits.Body) {
		if int64(cap(s.body)) < length {
			s.body = make([]byte, 0, max(length, 1<<10))
		}
		body := s.body[:length]
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, nobody, unread(err)
		}
		return body, nobody, nil
	}
	a := arrival{Handler: t, w: w, r: r, expected: t.limits.Body, body: make([]byte, 0, firstPart)}
	if r.ContentLength >= 0 {
		a.expected = r.ContentLength
	}
	if err := a.read(); err != nil {
		a.guest.leave()
		return nil, nobody, err
	}
	w.Header().Del("Connection")
	return a.body, a.guest.leave, nil
}

// arrival is a body that is looked at as it comes: it is refused as soon as it
// holds too much, and takes no more memory than twice what has come.
type arrival struct {
	*Handler
	w http.ResponseWriter
	r *http.Request
	// expected is how much may come.
	expected int64
	body     []byte
	values   counter
	// guest is nil until the body is large.
	guest *guest
}

// read reads all of it.
func (a *arrival) read() error {
	for {
		n, err := a.r.Body.Read(a.space())
		come := a.body[len(a.body) : len(a.body)+n]
		a.body = a.body[:len(a.body)+n]
		a.values.add(come)
		switch {
		case int64(len(a.body)) > a.expected:
			return tooLarge
		case a.values.commas >= maxValues:
			return tooMany
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unread(err)
		}
		if err := a.settle(); err != nil {
			return err
		}
	}
}

// settle finds room for a body that turns out to be large, and lets others have
// their turn after each part of it.
func (a *arrival) settle() error {
	if len(a.body) <= largeBody {
		return nil
	}
	if a.guest == nil {
		var err error
		if a.guest, err = a.room.enter(a.r.Context(), a.expected, http.NewResponseController(a.w)); err != nil {
			return err
		}
	}
	runtime.Gosched()
	return a.guest.came(len(a.body))
}

// space is where the next part goes. One byte more than is expected shows that
// there is more.
func (a *arrival) space() []byte {
	if len(a.body) == cap(a.body) {
		grown := make([]byte, len(a.body), min(int64(2*cap(a.body)), a.expected+1))
		copy(grown, a.body)
		a.body = grown
	}
	return a.body[len(a.body):min(cap(a.body), len(a.body)+bodyPart)]
}
