// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"io"
	"net/http"
	"time"
)

// CRLHandler serves the revocation list of the moment, made anew for each request.
func (ca *CA) CRLHandler(now func() time.Time, options ...ListOption) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		list, err := ca.RevocationList(now(), options...)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/pkix-crl")
		_, _ = w.Write(list) // a client that went away is its own affair
	})
}

// OCSPHandler is an OCSP responder (RFC 6960 appendix A, POST).
func (ca *CA) OCSPHandler(now func() time.Time, options ...ResponseOption) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/ocsp-request" {
			http.Error(w, "no OCSP request", http.StatusBadRequest)
			return
		}
		response, err := ca.Respond(request, now(), options...)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = w.Write(response) // a client that went away is its own affair
	})
}
