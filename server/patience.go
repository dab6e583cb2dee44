// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"ininjo/poa"
)

const (
	// bodyPatience is how long a whole request may take to arrive, and each further
	// part of a large body. It is not shorter: net/http ends the context of a request
	// that is under way at this deadline, too.
	bodyPatience = 30 * time.Second
	// bodyPart is what is large, and the part that has to arrive in that time: a
	// file of 6 MB passes on a slow line, a body that trickles does not.
	bodyPart = 64 << 10
	// answerPatience is how long writing an answer may take.
	answerPatience = 60 * time.Second
)

// patient gives large bodies time as long as they arrive. Small ones, all
// questions among them, have the server's own ReadTimeout.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= bodyPart && r.ContentLength >= 0 {
			next.ServeHTTP(w, r)
			return
		}
		body := &arriving{ReadCloser: r.Body, deadlines: http.NewResponseController(w), machine: poa.SystemClock{}}
		r.Body = body
		next.ServeHTTP(w, r)
		if !body.whole && w.Header().Get("Connection") == "close" {
			linger(w)
		}
	})
}

// linger has net/http wait a moment between the answer and the end of the
// connection, as it does for bodies over a bound: a caller who still sends would
// be told of the end before it reads the answer. Only a reader of net/http that is
// over its bound can ask for that.
func linger(w http.ResponseWriter) {
	over := http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0)
	_, _ = io.Copy(io.Discard, over) // it is over its bound: what was to be shown
}

// arriving is a body whose deadlines move with each part of it.
type arriving struct {
	io.ReadCloser
	deadlines *http.ResponseController
	machine   poa.Clock
	part      int
	// whole is set once all of the body was read.
	whole bool
}

// Read reads on and moves the deadlines.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.whole = a.whole || errors.Is(err, io.EOF)
	if a.part += n; a.part >= bodyPart {
		a.part = 0
		now := a.machine.Now()
		_ = a.deadlines.SetReadDeadline(now.Add(bodyPatience)) // a connection without deadlines has none to move
		_ = a.deadlines.SetWriteDeadline(now.Add(answerPatience))
	}
	return n, err
}
