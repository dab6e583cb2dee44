// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"ininjo/poa"
)

// receiver is the partner's side of the demo's webhooks: it checks each
// signature (Standard Webhooks 1.0.0) and hands on what arrived.
type receiver struct {
	server  *http.Server
	address string
	arrived chan poa.WebhookBody
	mu      sync.Mutex
	secret  string
}

func newReceiver(ctx context.Context) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for webhooks: %w", err)
	}
	r := &receiver{address: listener.Addr().String(), arrived: make(chan poa.WebhookBody, 100)}
	r.server = newHTTPServer(r)
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) expect(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

// ServeHTTP takes a webhook whose signature fits.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, 1<<16))
	r.mu.Lock()
	secret := r.secret
	r.mu.Unlock()
	if err != nil || !signatureFits(secret, request.Header, body) {
		http.Error(w, "signature does not fit", http.StatusUnauthorized)
		return
	}
	var hook poa.WebhookBody
	if err := json.Unmarshal(body, &hook); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	select {
	case r.arrived <- hook:
	default: // nobody reads any more: the demo walked on
	}
	w.WriteHeader(http.StatusNoContent)
}

func signatureFits(secret string, h http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", h.Get("webhook-id"), h.Get("webhook-timestamp"), body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}

// next waits for a webhook of the type about the delegation.
func (r *receiver) next(ctx context.Context, t poa.NoticeType, id string) (poa.WebhookBody, error) {
	for {
		select {
		case hook := <-r.arrived:
			if hook.Type == t && (id == "" || string(hook.Data.DelegationID) == id) {
				return hook, nil
			}
		case <-ctx.Done():
			return poa.WebhookBody{}, errors.Join(fmt.Errorf("waiting for webhook %s", t), ctx.Err())
		}
	}
}
