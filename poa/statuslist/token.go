// SPDX-License-Identifier: Apache-2.0

package statuslist

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ininjo/poa/receipt"
)

// MediaType is the Content-Type of a list.
const MediaType = "application/" + receipt.TypStatusList

// Token is a status list with what its claims say.
type Token struct {
	// URI is the list's address ("sub"): the same that stands in the files of its
	// entries.
	URI string
	// IssuedAt and ExpiresAt are whole seconds.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// TTL is after how long a fresh copy should be fetched, in whole seconds.
	TTL time.Duration
	// AggregationURI is where the service names all its lists, or empty.
	AggregationURI string
	Entries        Entries
}

// wire is Token as written: the order of its fields is the format.
type wire struct {
	Subject    string   `json:"sub"`
	IssuedAt   int64    `json:"iat"`
	ExpiresAt  int64    `json:"exp"`
	TTL        int64    `json:"ttl"`
	StatusList wireList `json:"status_list"`
}

type wireList struct {
	Bits           int    `json:"bits"`
	List           string `json:"lst"`
	AggregationURI string `json:"aggregation_uri,omitempty"`
}

// Issue writes and signs a list. A list that is signed again is another one: the
// entries are the same, the signature is random.
func Issue(ctx context.Context, signer receipt.Signer, t Token) (string, error) {
	payload, err := t.payload()
	if err != nil {
		return "", err
	}
	return signer.Sign(ctx, payload, receipt.TypStatusList)
}

func (t Token) payload() ([]byte, error) {
	compressed, err := t.Entries.compress()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	w := wire{Subject: t.URI, IssuedAt: t.IssuedAt.Unix(), ExpiresAt: t.ExpiresAt.Unix(), TTL: int64(t.TTL / time.Second),
		StatusList: wireList{Bits: Bits, List: base64.RawURLEncoding.EncodeToString(compressed), AggregationURI: t.AggregationURI}}
	if err := enc.Encode(w); err != nil {
		return nil, fmt.Errorf("encoding status list: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Verify verifies a list with a key set: ES256, the header typ, a key of that
// purpose, the signature, and that it was issued in the key's period. Whether it
// is the list of a delegation and how old it may be is for the caller to see.
func Verify(compact string, jwks []byte) (Token, error) {
	payload, err := receipt.VerifyPayload(compact, jwks, receipt.TypStatusList)
	if err != nil {
		return Token{}, err
	}
	t, err := decode(payload)
	if err != nil {
		return Token{}, err
	}
	key, err := receipt.WhichKey(compact, jwks, receipt.TypStatusList)
	if err != nil {
		return Token{}, err
	}
	if t.IssuedAt.Before(key.NotBefore) || !key.NotAfter.IsZero() && t.IssuedAt.After(key.NotAfter) {
		return Token{}, fault(KeyPeriod, "iat")
	}
	return t, nil
}

// Own reads a list that the service itself signed and kept: the signature is not
// looked at.
func Own(compact string) (Token, error) {
	_, rest, _ := strings.Cut(compact, ".")
	text, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Token{}, fault(BadClaims, "payload")
	}
	return decode(payload)
}

// maxLst bounds the entries as they are written: those of 2^20 entries that
// cannot be compressed, with room for a writer that compresses badly.
const maxLst = 1 << 19

func decode(payload []byte) (Token, error) {
	var w struct {
		Subject    string   `json:"sub"`
		IssuedAt   *int64   `json:"iat"`
		ExpiresAt  *int64   `json:"exp"`
		TTL        int64    `json:"ttl"`
		StatusList wireList `json:"status_list"`
	}
	if json.Unmarshal(payload, &w) != nil {
		return Token{}, fault(BadClaims, "payload")
	}
	switch {
	case w.Subject == "":
		return Token{}, fault(BadClaims, "sub")
	case w.IssuedAt == nil || *w.IssuedAt < 0 || *w.IssuedAt > maxSeconds:
		return Token{}, fault(BadClaims, "iat")
	case w.ExpiresAt == nil || *w.ExpiresAt <= *w.IssuedAt || *w.ExpiresAt > maxSeconds:
		return Token{}, fault(BadClaims, "exp")
	case w.TTL < 0 || w.TTL > maxTTL:
		return Token{}, fault(BadClaims, "ttl")
	case w.StatusList.Bits != Bits:
		return Token{}, fault(BadList, "status_list.bits")
	case len(w.StatusList.List) > maxLst:
		return Token{}, fault(BadList, "size of status_list.lst")
	}
	compressed, err := base64.RawURLEncoding.DecodeString(w.StatusList.List)
	if err != nil {
		return Token{}, fault(BadList, "status_list.lst")
	}
	entries, err := decompress(compressed)
	if err != nil {
		return Token{}, err
	}
	return Token{URI: w.Subject, IssuedAt: time.Unix(*w.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(*w.ExpiresAt, 0).UTC(), TTL: time.Duration(w.TTL) * time.Second,
		AggregationURI: w.StatusList.AggregationURI, Entries: entries}, nil
}

// maxTTL is a year in seconds.
const maxTTL = 366 * 24 * 60 * 60

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799
