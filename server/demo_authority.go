// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"ininjo/poa/poatest"
)

// authority serves what the test certification authority is asked: OCSP, the
// revocation list, and time stamps.
type authority struct {
	address string
	server  *http.Server
	stamps  *poatest.TSA
}

// openAuthority serves the authority on loopback, by the demo's clock.
func (d *demo) openAuthority(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for questions about certificates: %w", err)
	}
	asked := map[string]http.Handler{"/ocsp": d.ca.OCSPHandler(d.clock.Now), "/crl": d.ca.CRLHandler(d.clock.Now), "/tsa": d.stamps.Handler(d.clock)}
	d.authority = &authority{address: listener.Addr().String(), stamps: d.stamps, server: &http.Server{ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if each, known := asked[r.URL.Path]; known {
				each.ServeHTTP(w, r)
				return
			}
			http.NotFound(w, r)
		})}}
	go func() { _ = d.authority.server.Serve(listener) }() // ends with close
	return nil
}

// ask has the service ask the authority: OCSP first, then the list.
func (a *authority) ask(c *Config, root *x509.Certificate) {
	pin := sha256.Sum256(root.Raw)
	of := hex.EncodeToString(pin[:])
	c.Statuses = []string{of + "=ocsp:http://" + a.address + "/ocsp", of + "=crl+http://" + a.address + "/crl"}
	c.StatusAllow = []string{a.address}
	c.TSA, c.TSARoots = []string{"http://" + a.address + "/tsa"}, c.Roots
}

func (a *authority) close() error {
	if a == nil {
		return nil
	}
	return errors.Join(a.server.Close())
}
