// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"ininjo/db"
	"ininjo/db/dbtest"
)

var _ scs.CtxStore = (*db.SessionStore)(nil)

func TestSessions(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	s := d.DB.Sessions()
	end := d.Clock.Now().Add(time.Hour)
	check := func(token string, want []byte) {
		t.Helper()
		got, found, err := s.FindCtx(t.Context(), token)
		if err != nil || found != (want != nil) || !bytes.Equal(got, want) {
			t.Errorf("found %v %q, %v", found, got, err)
		}
	}
	check("a", nil)
	for _, data := range []string{"one", "two"} {
		if err := s.CommitCtx(t.Context(), "a", []byte(data), end); err != nil {
			t.Fatal(err)
		}
		check("a", []byte(data))
	}
	if err := s.CommitCtx(t.Context(), "b", []byte("b"), end.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, found, err := d.Open(t).Sessions().Find("a"); err != nil || !found || string(got) != "two" {
		t.Errorf("another process found %v %q, %v", found, got, err)
	}
	d.Clock.Set(end)
	check("a", nil)
	if err := d.DB.DeleteExpired(t.Context(), d.Clock.Now()); err != nil {
		t.Error(err)
	}
	check("b", []byte("b"))
	if err := s.DeleteCtx(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	check("b", nil)
}
