// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ininjo/poa"
)

// invalid is the error of a scalar that cannot be read. It never repeats it.
var invalid error = &poa.Error{Code: poa.CodeBadUserInput}

// DateTimeLayout is how an instant in UTC is written.
const DateTimeLayout = "2006-01-02T15:04:05.999999Z07:00"

// MarshalDateTime writes an instant in UTC with the microseconds that are kept,
// and null for the zero instant.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return quoted(t.UTC().Format(DateTimeLayout))
}

// UnmarshalDateTime reads an instant of RFC 3339 between the years 1 and 9999.
func UnmarshalDateTime(v any) (time.Time, error) {
	if v == nil {
		return time.Time{}, nil
	}
	text, ok := v.(string)
	if !ok || len(text) > 40 {
		return time.Time{}, invalid
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.IsZero() {
		return time.Time{}, invalid
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// MarshalDate writes a day as YYYY-MM-DD, and null for no day.
func MarshalDate(d poa.Date) graphql.Marshaler { return nullable(d.String()) }

// UnmarshalDate reads a day written YYYY-MM-DD.
func UnmarshalDate(v any) (poa.Date, error) {
	if v == nil {
		return poa.Date{}, nil
	}
	text, ok := v.(string)
	if !ok {
		return poa.Date{}, invalid
	}
	d, err := poa.ParseDate(text)
	if err != nil {
		return poa.Date{}, invalid
	}
	return d, nil
}

// MarshalBase64 writes bytes in base64, and null for no bytes.
func MarshalBase64(b []byte) graphql.Marshaler {
	if b == nil {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, `"`)
		encoder := base64.NewEncoder(base64.StdEncoding, w)
		_, _ = encoder.Write(b)
		_ = encoder.Close()
		_, _ = io.WriteString(w, `"`)
	})
}

// UnmarshalBase64 reads bytes in base64 with padding. How large a file may be
// is for poa to say; the body's bound holds before.
func UnmarshalBase64(v any) ([]byte, error) {
	text, ok := v.(string)
	if !ok || strings.ContainsAny(text, "\r\n") {
		return nil, invalid
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, invalid
	}
	return b, nil
}

// quoted writes a text that needs no escapes.
func quoted(text string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(text)) })
}

// nullable writes a text of a closed list or a day, and null for none.
func nullable(text string) graphql.Marshaler {
	if text == "" {
		return graphql.Null
	}
	return quoted(text)
}

// word reads a value of a closed list; the schema was checked before.
func word[T ~string](v any) (T, error) {
	if v == nil {
		return "", nil
	}
	text, ok := v.(string)
	if !ok {
		return "", invalid
	}
	return T(text), nil
}

// MarshalValidityReason writes a reason, and null for none.
func MarshalValidityReason(r poa.ValidityReason) graphql.Marshaler { return nullable(string(r)) }

// UnmarshalValidityReason reads a reason.
func UnmarshalValidityReason(v any) (poa.ValidityReason, error) { return word[poa.ValidityReason](v) }

// MarshalQualification writes a qualification, and null for none.
func MarshalQualification(q poa.Qualification) graphql.Marshaler { return nullable(string(q)) }

// UnmarshalQualification reads a qualification.
func UnmarshalQualification(v any) (poa.Qualification, error) { return word[poa.Qualification](v) }

// MarshalPartyKind writes a kind of party, and null for none.
func MarshalPartyKind(k poa.PartyKind) graphql.Marshaler { return nullable(string(k)) }

// UnmarshalPartyKind reads a kind of party.
func UnmarshalPartyKind(v any) (poa.PartyKind, error) { return word[poa.PartyKind](v) }

// MarshalLinkPurpose writes a link's purpose, and null for none.
func MarshalLinkPurpose(p poa.LinkPurpose) graphql.Marshaler { return nullable(string(p)) }

// UnmarshalLinkPurpose reads a link's purpose.
func UnmarshalLinkPurpose(v any) (poa.LinkPurpose, error) { return word[poa.LinkPurpose](v) }

// noticeName is how the schema names a type of notice: names of GraphQL hold
// no dots.
var noticeName = strings.NewReplacer(".", "_")

// MarshalNoticeType writes delegation.revoked as DELEGATION_REVOKED.
func MarshalNoticeType(t poa.NoticeType) graphql.Marshaler {
	return nullable(strings.ToUpper(noticeName.Replace(string(t))))
}

// UnmarshalNoticeType reads DELEGATION_REVOKED as delegation.revoked.
func UnmarshalNoticeType(v any) (poa.NoticeType, error) {
	name, err := word[string](v)
	if err != nil {
		return "", err
	}
	return poa.NoticeType(strings.Replace(strings.ToLower(name), "_", ".", 1)), nil
}
