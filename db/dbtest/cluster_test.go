// SPDX-License-Identifier: Apache-2.0

package dbtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db/dbtest"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	c := dbtest.Cluster(t)
	if dbtest.Cluster(t) != c {
		t.Error("a second cluster was started")
	}
	conn, err := pgx.Connect(t.Context(), c.SuperuserURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := conn.QueryRow(t.Context(), "SELECT 'here'").Scan(&answer); err != nil || answer != "here" {
		t.Errorf("answered %q, error %v", answer, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
