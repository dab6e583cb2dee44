// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"ininjo/db"
	"ininjo/graph"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// maxClockDifference is how far the machine's clock may be from the database's
// before the process is not ready (design.md, rule 2).
const maxClockDifference = 500 * time.Millisecond

// wellKnown serves what stands outside portal and GraphQL.
func (s *service) wellKnown(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /schema.graphqls", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, graph.SDL()) })
	mux.HandleFunc("GET /.well-known/jwks.json", s.jwks)
	mux.HandleFunc("GET /.well-known/ininjo.json", s.addresses)
	mux.HandleFunc("GET /log/checkpoint", s.checkpoint)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// ready says whether this process can serve: the database answers and the
// clocks agree.
func (s *service) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	difference, err := s.db.Ready(ctx, s.machine)
	switch {
	case s.stopping.Load():
		plain(w, http.StatusServiceUnavailable, "stopping\n")
	case err != nil:
		s.log.WarnContext(ctx, "not ready", "cause", err)
		plain(w, http.StatusServiceUnavailable, "database does not answer\n")
	case difference.Abs() > maxClockDifference:
		plain(w, http.StatusServiceUnavailable, "the machine's clock and the database's differ\n")
	default:
		plain(w, http.StatusOK, "ready\n"+s.evidenceDetail(r))
	}
}

// addresses says where the service's keys and status lists are, under the names
// that RFC 8414 and the Token Status List register for them.
func (s *service) addresses(w http.ResponseWriter, r *http.Request) {
	told := struct {
		Issuer      string `json:"issuer"`
		JWKS        string `json:"jwks_uri"`
		StatusLists string `json:"status_list_aggregation_endpoint,omitempty"`
	}{Issuer: s.policy.Issuer, JWKS: s.policy.PublicURL + "/.well-known/jwks.json"}
	if s.chapters.lists.Mode() != poa.StatusListsOff {
		told.StatusLists = s.policy.StatusListsURL()
	}
	body, err := json.Marshal(told)
	if err != nil {
		s.log.ErrorContext(r.Context(), "writing addresses", "cause", err)
		plain(w, http.StatusInternalServerError, "INTERNAL\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(append(body, '\n'))
}

// jwks lists every public key that ever signed, with its period.
func (s *service) jwks(w http.ResponseWriter, r *http.Request) {
	stored, err := s.db.SigningKeys(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "reading signing keys", "cause", err)
		plain(w, http.StatusServiceUnavailable, "UNAVAILABLE\n")
		return
	}
	body, err := receipt.JWKS(publicKeys(stored))
	if err != nil {
		s.log.ErrorContext(r.Context(), "writing key set", "cause", err)
		plain(w, http.StatusInternalServerError, "INTERNAL\n")
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body)
}

func publicKeys(stored []db.SigningKey) []receipt.PublicKey {
	public := make([]receipt.PublicKey, len(stored))
	for i, k := range stored {
		public[i] = receipt.PublicKey{JWK: k.JWK, Purpose: k.Purpose, NotBefore: k.From, NotAfter: k.Until}
	}
	return public
}
