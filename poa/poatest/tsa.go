// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"net/http"
	"time"

	"ininjo/poa"
)

// TSA is a time stamp authority (RFC 3161) of a test hierarchy.
type TSA struct{ ca *CA }

// TimeStampAuthority makes a time stamp authority whose certificate the CA's root issued.
func (ca *CA) TimeStampAuthority() (*TSA, error) { return &TSA{ca: ca}, nil }

// Answer answers one request as of an instant; the answer to what it cannot read is a refusal.
func (a *TSA) Answer(request []byte, now time.Time) []byte { return nil }

// Handler answers over HTTP (RFC 3161 section 3.4) at the clock's time.
func (a *TSA) Handler(clock poa.Clock) http.Handler { return http.NotFoundHandler() }
