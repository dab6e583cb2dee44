// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// layout is RFC 3339 with all six digits of microseconds, in UTC.
const layout = "2006-01-02T15:04:05.000000Z"

// encodedSize is about what a receipt's payload takes.
const encodedSize = 1 << 10

// Encode gives the exact payload of a receipt. Equal claims give equal bytes;
// parts finer than a microsecond are dropped.
func Encode(c Claims) []byte { return appendClaims(make([]byte, 0, encodedSize), &c) }

// appendClaims writes the payload by hand: what is written for every answer is
// worth it. The order of the members is the format, and the bytes are those that
// encoding/json would write of it without escaping for HTML. iss, aud and iat
// have their meaning of RFC 7519; iat repeats issuedAt in whole seconds for
// readers that know nothing else.
func appendClaims(b []byte, c *Claims) []byte {
	b = appendText(append(b, `{"iss":`...), c.Issuer)
	b = appendText(append(b, `,"aud":`...), c.Recipient)
	b = strconv.AppendInt(append(b, `,"iat":`...), c.IssuedAt.Unix(), 10)
	b = appendInstant(append(b, `,"issuedAt":`...), c.IssuedAt)
	b = appendQuestion(append(b, `,"question":`...), &c.Question)
	b = appendAnswer(append(b, `,"answer":`...), &c.Answer)
	b = append(b, `,"version":`...)
	if c.Version == nil {
		b = append(b, null...)
	} else {
		b = strconv.AppendInt(b, int64(*c.Version), 10)
	}
	b = appendOptional(append(b, `,"policy":`...), c.PolicyOID)
	b = appendOptional(append(b, `,"eventId":`...), c.EventID)
	b = appendOptional(append(b, `,"leafHash":`...), c.LeafHash)
	return append(b, '}')
}

func appendQuestion(b []byte, q *Question) []byte {
	b = appendText(append(b, `{"delegationId":`...), q.DelegationID)
	b = appendMaybe(append(b, `,"at":`...), q.At)
	b = appendMaybe(append(b, `,"knownAt":`...), q.KnownAt)
	b = appendOptional(append(b, `,"documentSha256":`...), q.DocumentSHA256)
	b = appendOptional(append(b, `,"delegateCertificateSha256":`...), q.DelegateCertificateSHA256)
	b = appendOptional(append(b, `,"nonce":`...), q.Nonce)
	return append(b, '}')
}

func appendAnswer(b []byte, a *Answer) []byte {
	b = appendText(append(b, `{"status":`...), a.Status)
	b = appendOptional(append(b, `,"reason":`...), a.Reason)
	b = appendInstant(append(b, `,"asOf":`...), a.AsOf)
	b = appendInstant(append(b, `,"knownAt":`...), a.KnownAt)
	b = appendInstant(append(b, `,"answeredAt":`...), a.AnsweredAt)
	b = appendTruth(append(b, `,"documentMatches":`...), a.DocumentMatches)
	b = appendTruth(append(b, `,"delegateMatches":`...), a.DelegateMatches)
	b = strconv.AppendBool(append(b, `,"fileCompared":`...), a.FileCompared)
	b = appendOptional(append(b, `,"validFrom":`...), a.ValidFrom)
	b = appendOptional(append(b, `,"validThrough":`...), a.ValidThrough)
	b = appendMaybe(append(b, `,"signatureVerifiedAt":`...), a.SignatureVerifiedAt)
	b = append(b, `,"qualification":`...)
	if q := a.Qualification; q == nil {
		b = append(b, null...)
	} else {
		b = appendText(append(b, `{"qualification":`...), q.Qualification)
		b = appendText(append(b, `,"standing":`...), q.Standing)
		b = appendMaybe(append(b, `,"verifiedAt":`...), q.VerifiedAt)
		b = append(b, '}')
	}
	return append(b, '}')
}

const null = "null"

// appendInstant writes an instant in the layout. Years have four digits in what is
// signed. The library writes RFC 3339 in half of the time of any other layout.
func appendInstant(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = t.AppendFormat(append(b, '"'), time.RFC3339)
	b = append(b[:len(b)-1], '.')
	micros := t.Nanosecond() / 1000
	for unit := 100_000; unit > 0; unit /= 10 {
		b = append(b, byte('0'+micros/unit%10))
	}
	return append(b, 'Z', '"')
}

func appendMaybe(b []byte, t *time.Time) []byte {
	if t == nil {
		return append(b, null...)
	}
	return appendInstant(b, *t)
}

func appendTruth(b []byte, v *bool) []byte {
	if v == nil {
		return append(b, null...)
	}
	return strconv.AppendBool(b, *v)
}

func appendOptional(b []byte, s string) []byte {
	if s == "" {
		return append(b, null...)
	}
	return appendText(b, s)
}

// appendText writes a string as encoding/json does: what needs an escape is rare
// and left to it.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, s)
		}
	}
	b = append(append(b, '"'), s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	out := &appender{b}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes, and appender never fails
	return out.bytes[:len(out.bytes)-1]
}

// appender is a writer onto bytes.
type appender struct{ bytes []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.bytes = append(a.bytes, p...)
	return len(p), nil
}
