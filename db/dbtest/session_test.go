// SPDX-License-Identifier: Apache-2.0

package dbtest_test

import (
	"testing"

	"ininjo/db/dbtest"
)

func TestTheSuperusersConnection(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	session := func(t *testing.T) string { return d.Text(t, "SELECT pg_backend_pid()::text") }
	t.Run("is kept from one statement to the next", func(t *testing.T) {
		if one, next := session(t), session(t); one != next {
			t.Errorf("%s, then %s", one, next)
		}
	})
	t.Run("is made anew where it was cut off", func(t *testing.T) {
		other := dbtest.New(t)
		cut := session(t)
		other.Exec(t, "SELECT pg_terminate_backend("+cut+", 10000)")
		if next := session(t); next == cut {
			t.Errorf("%s is still there", cut)
		}
	})
	t.Run("takes no transaction along", func(t *testing.T) {
		d.Exec(t, "CREATE TABLE kept (a int)", "BEGIN", "INSERT INTO kept VALUES (1)")
		if n := d.Text(t, "SELECT count(*)::text FROM kept"); n != "0" {
			t.Errorf("%s rows of a transaction that nobody ended", n)
		}
	})
}
