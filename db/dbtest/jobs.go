// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// jobsTable stands in for River's: jobs commit or roll back with the rest.
const jobsTable = `CREATE TABLE test_jobs (id bigint GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, args json NOT NULL, at timestamptz);
	GRANT SELECT, INSERT ON test_jobs TO ininjo_program`

// Job is a job that committed.
type Job struct {
	Kind string
	// Args is the job's JSON.
	Args string
	// At is zero for a job to run at once.
	At time.Time
}

// InsertJob is the enqueuer of a test database: it inserts a job into the table
// that [Database.Jobs] reads, in the transaction of the act.
func InsertJob(ctx context.Context, tx pgx.Tx, j poa.Job, at time.Time) error {
	if batch, ok := j.(poa.JobBatch); ok {
		for _, each := range batch {
			if err := InsertJob(ctx, tx, each.Job, each.At); err != nil {
				return err
			}
		}
		return nil
	}
	args, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding job: %w", err)
	}
	var when *time.Time
	if !at.IsZero() {
		when = &at
	}
	_, err = tx.Exec(ctx, "INSERT INTO test_jobs (kind, args, at) VALUES ($1, $2, $3)", j.Kind(), string(args), when)
	return err
}

// Jobs returns the jobs that committed, in the order of their insertion.
func (d *Database) Jobs(tb testing.TB) []Job {
	tb.Helper()
	var jobs []Job
	d.query(tb, "SELECT kind, args::text, coalesce(at, '0001-01-01 00:00:00+00') FROM test_jobs ORDER BY id", func(rows pgx.Rows) (err error) {
		jobs, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Job])
		return err
	})
	for i := range jobs {
		if jobs[i].At = jobs[i].At.UTC(); jobs[i].At.Year() == 1 {
			jobs[i].At = time.Time{}
		}
	}
	return jobs
}
