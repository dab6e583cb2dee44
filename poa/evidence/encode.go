// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Bounds of records and bundles.
const (
	// MaxRecord bounds a record, in bytes: a file of 4 MiB, the draft and the lists
	// of revoked certificates, in base64.
	MaxRecord = 32 << 20
	// MaxRecords bounds the records of a delegation, and of a bundle.
	MaxRecords = 200
	// MaxTokens bounds the time stamps of one record.
	MaxTokens = 50
	// MaxToken bounds a time stamp, in bytes.
	MaxToken = 128 << 10
	// MaxBundle bounds a bundle, in bytes.
	MaxBundle = 128 << 20
)

// Encode writes a record as canonical JSON: no spaces, the fields in the order
// of Record, those without a value left out, times in UTC to the microsecond.
// Equal records give equal bytes. The version is filled in.
func Encode(r Record) ([]byte, error) {
	r.Version = Version
	r = r.normal()
	if err := r.check(); err != nil {
		return nil, err
	}
	return canonical(r, MaxRecord)
}

// Decode reads what Encode wrote, and nothing else: a record that is written in
// any other way is refused.
func Decode(record []byte) (Record, error) {
	var r Record
	if err := strict(record, &r, MaxRecord, "record"); err != nil {
		return Record{}, err
	}
	if r.Version != Version {
		return Record{}, fault(UnknownVersion, "version")
	}
	if err := r.check(); err != nil {
		return Record{}, err
	}
	again, err := canonical(r.normal(), MaxRecord)
	if err != nil {
		return Record{}, err
	}
	if !bytes.Equal(again, record) {
		return Record{}, fault(NotCanonical, "record")
	}
	return r, nil
}

// SHA256 is the digest by which the next record names this one, in hex.
func SHA256(record []byte) string {
	sum := sha256.Sum256(record)
	return hex.EncodeToString(sum[:])
}

func canonical(v any, bound int) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding evidence: %w", err)
	}
	written := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if len(written) > bound {
		return nil, fault(TooLarge, "record")
	}
	return written, nil
}

// strict wants one JSON value of the known fields within the bound.
func strict(text []byte, into any, bound int, where string) error {
	if len(text) > bound {
		return fault(TooLarge, where)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fault(Malformed, where)
	}
	if _, err := d.Token(); err != io.EOF {
		return fault(Malformed, where)
	}
	return nil
}

// normal brings every time into the form that is written.
func (r Record) normal() Record {
	r.Instant = micros(r.Instant)
	status := make([]Status, len(r.Status))
	for i, s := range r.Status {
		s.AskedAt, s.RevokedAt, s.ProducedAt = micros(s.AskedAt), micros(s.RevokedAt), micros(s.ProducedAt)
		s.ThisUpdate, s.NextUpdate = micros(s.ThisUpdate), micros(s.NextUpdate)
		status[i] = s
	}
	checks := make([]Check, len(r.Checks))
	for i, c := range r.Checks {
		c.At = micros(c.At)
		checks[i] = c
	}
	r.Status, r.Checks = status, checks
	if r.Decision != nil {
		decision := *r.Decision
		decision.At = micros(decision.At)
		r.Decision = &decision
	}
	return r
}

func micros(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
