// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Heartbeat says where a party's sequence of notices stood at an instant.
// Whoever has fewer than Head numbers of Stream misses some; whoever has seen no
// heartbeat for longer than Every is cut off.
type Heartbeat struct {
	// Issuer is the service's URL.
	Issuer string
	// Party is the opaque ID of whose sequence it is.
	Party    string
	IssuedAt time.Time
	Stream   string
	Head     int64
	// Every is how often heartbeats are sent, in whole seconds.
	Every time.Duration
}

// wireHeartbeat is Heartbeat as written: the order of its fields is the format.
type wireHeartbeat struct {
	Issuer    string  `json:"iss"`
	Audience  string  `json:"aud"`
	IssuedSec int64   `json:"iat"`
	IssuedAt  *string `json:"issuedAt"`
	Stream    string  `json:"stream"`
	Head      int64   `json:"head"`
	Every     int64   `json:"everySeconds"`
}

// IssueHeartbeat encodes a heartbeat and signs it.
func IssueHeartbeat(ctx context.Context, signer Signer, h Heartbeat) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	wire := wireHeartbeat{Issuer: h.Issuer, Audience: h.Party, IssuedSec: h.IssuedAt.Unix(), IssuedAt: micros(&h.IssuedAt), Stream: h.Stream, Head: h.Head, Every: int64(h.Every / time.Second)}
	if err := enc.Encode(wire); err != nil {
		return "", fmt.Errorf("encoding heartbeat: %w", err)
	}
	return signer.Sign(ctx, bytes.TrimSuffix(out.Bytes(), []byte("\n")), TypHeartbeat)
}

// VerifyHeartbeat verifies a heartbeat with a key set, as [Verify] does a
// receipt. Whether issuer and party are one's own, and how old it may be, is for
// the caller to see.
func VerifyHeartbeat(compact string, jwks []byte) (Heartbeat, error) {
	if len(compact) > maxCompact {
		return Heartbeat{}, fault(TooLarge, "heartbeat")
	}
	payload, key, err := verify(compact, jwks, TypHeartbeat)
	if err != nil {
		return Heartbeat{}, err
	}
	var w wireHeartbeat
	if json.Unmarshal(payload, &w) != nil {
		return Heartbeat{}, fault(BadClaims, "payload")
	}
	r := &reader{}
	h := Heartbeat{Issuer: w.Issuer, Party: w.Audience, IssuedAt: r.instant(w.IssuedAt, "issuedAt"), Stream: w.Stream, Head: w.Head, Every: time.Duration(w.Every) * time.Second}
	switch {
	case r.err != nil:
		return Heartbeat{}, r.err
	case w.Stream == "" || w.Head < 0 || w.IssuedSec != h.IssuedAt.Unix():
		return Heartbeat{}, fault(BadClaims, "stream, head or iat")
	case !key.covers(h.IssuedAt):
		return Heartbeat{}, fault(KeyPeriod, "issuedAt")
	}
	return h, nil
}
