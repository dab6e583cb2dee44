// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"ininjo/graph/schema"
	"ininjo/poa"
)

func written(t *testing.T, m graphql.Marshaler) string {
	t.Helper()
	var out bytes.Buffer
	m.MarshalGQL(&out)
	if !json.Valid(out.Bytes()) {
		t.Fatalf("%q is no JSON", out.String())
	}
	return out.String()
}

func TestNothingIsNull(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]graphql.Marshaler{"instant": schema.MarshalDateTime(time.Time{}), "day": schema.MarshalDate(poa.Date{}),
		"file": schema.MarshalBase64(nil), "reason": schema.MarshalValidityReason(""), "qualification": schema.MarshalQualification(""),
		"purpose": schema.MarshalLinkPurpose(""), "notice": schema.MarshalNoticeType("")} {
		if got := written(t, m); got != "null" {
			t.Errorf("no %s is written %s", name, got)
		}
	}
}

func TestNoticeTypes(t *testing.T) {
	t.Parallel()
	for _, want := range append(poa.NoticeTypes, poa.NoticeTest) {
		var name string
		if err := json.Unmarshal([]byte(written(t, schema.MarshalNoticeType(want))), &name); err != nil {
			t.Fatal(err)
		}
		if got, err := schema.UnmarshalNoticeType(name); err != nil || got != want {
			t.Errorf("%s came back as %s, %v", want, got, err)
		}
	}
}

func FuzzDateTime(f *testing.F) {
	for _, seed := range []string{"2026-11-23T02:00:00.000001Z", "2026-11-23T11:00:00+09:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59", "yesterday", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := schema.UnmarshalDateTime(text)
		if err != nil {
			return
		}
		var again string
		if err := json.Unmarshal([]byte(written(t, schema.MarshalDateTime(at))), &again); err != nil {
			t.Fatal(err)
		}
		if back, err := schema.UnmarshalDateTime(again); at.Year() > 0 && at.Year() < 10000 && (err != nil || !back.Equal(at)) {
			t.Errorf("%q came back as %v, %v", text, back, err)
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, seed := range []string{"2026-11-23", "2024-02-29", "2023-02-29", "0000-01-01", "2026-1-1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, err := schema.UnmarshalDate(text)
		if err == nil && written(t, schema.MarshalDate(day)) != `"`+text+`"` {
			t.Errorf("%q came back as %s", text, day)
		}
	})
}

func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "AAAA", "AA==", "AB==", "A", "////", "AA\nAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := schema.UnmarshalBase64(text)
		if err == nil && written(t, schema.MarshalBase64(file)) != `"`+text+`"` {
			t.Errorf("%q came back otherwise", text)
		}
	})
}
