// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
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
		if r.ContentLength > bodyPart || r.ContentLength < 0 {
			r.Body = &arriving{ReadCloser: r.Body, deadlines: http.NewResponseController(w), machine: poa.SystemClock{}}
		}
		next.ServeHTTP(w, r)
	})
}

// arriving is a body whose deadlines move with each part of it.
type arriving struct {
	io.ReadCloser
	deadlines *http.ResponseController
	machine   poa.Clock
	part      int
}

// Read reads on and moves the deadlines.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if a.part += n; a.part >= bodyPart {
		a.part = 0
		now := a.machine.Now()
		_ = a.deadlines.SetReadDeadline(now.Add(bodyPatience)) // a connection without deadlines has none to move
		_ = a.deadlines.SetWriteDeadline(now.Add(answerPatience))
	}
	return n, err
}
