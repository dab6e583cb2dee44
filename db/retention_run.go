// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type runRow struct {
	bun.BaseModel `bun:"table:retention_runs,alias:r"`

	ID         string     `bun:"id,pk"`
	Kind       string     `bun:"kind"`
	PreparedBy string     `bun:"prepared_by"`
	PreparedAt time.Time  `bun:"prepared_at"`
	Items      int        `bun:"items"`
	ReleasedBy *string    `bun:"released_by"`
	ReleasedAt *time.Time `bun:"released_at"`
	FinishedAt *time.Time `bun:"finished_at"`
}

func (r runRow) run() poa.Run {
	return poa.Run{ID: r.ID, Kind: poa.RunKind(r.Kind), PreparedBy: r.PreparedBy, PreparedAt: r.PreparedAt.UTC(), Items: r.Items,
		ReleasedBy: fromNullText[string](r.ReleasedBy), ReleasedAt: fromNullTime(r.ReleasedAt), FinishedAt: fromNullTime(r.FinishedAt)}
}

type itemRow struct {
	bun.BaseModel `bun:"table:retention_items,alias:i"`

	RunID       string     `bun:"run_id,pk"`
	Ordinal     int        `bun:"ordinal,pk"`
	Rule        string     `bun:"rule"`
	SubjectKind string     `bun:"subject_kind"`
	SubjectID   string     `bun:"subject_id"`
	OverAt      time.Time  `bun:"over_at"`
	Outcome     *string    `bun:"outcome"`
	DecidedAt   *time.Time `bun:"decided_at"`
	DoneAt      *time.Time `bun:"done_at"`
}

func (r itemRow) item() poa.RunItem {
	return poa.RunItem{RunID: r.RunID, Ordinal: r.Ordinal, Rule: poa.RecordKind(r.Rule), Subject: poa.SubjectRef{Kind: poa.SubjectKind(r.SubjectKind), ID: r.SubjectID},
		OverAt: r.OverAt.UTC(), Outcome: fromNullText[poa.ItemOutcome](r.Outcome), DecidedAt: fromNullTime(r.DecidedAt), DoneAt: fromNullTime(r.DoneAt)}
}

// insertBatch is how many rows one statement inserts.
const insertBatch = 1000

// InsertRun stores a prepared run with its items.
func (t *tx) InsertRun(ctx context.Context, r poa.Run, items []poa.RunItem) error {
	row := runRow{ID: r.ID, Kind: string(r.Kind), PreparedBy: r.PreparedBy, PreparedAt: r.PreparedAt.UTC(), Items: r.Items}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting run")
	}
	for len(items) > 0 {
		part := items[:min(len(items), insertBatch)]
		items = items[len(part):]
		rows := make([]itemRow, len(part))
		for i, item := range part {
			rows[i] = itemRow{RunID: r.ID, Ordinal: item.Ordinal, Rule: string(item.Rule), SubjectKind: string(item.Subject.Kind), SubjectID: item.Subject.ID, OverAt: item.OverAt.UTC()}
		}
		if _, err := t.q.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return failed(err, "inserting run's items")
		}
	}
	return nil
}

// AdoptRun makes a person the one who prepared a run that the program listed;
// ErrConflict where one did already or it is released.
func (t *tx) AdoptRun(ctx context.Context, id, by string) error {
	res, err := t.q.NewUpdate().Model((*runRow)(nil)).Set("prepared_by = ?", by).Where("id = ?", id).Where("prepared_by = ?", poa.System.ID).Where("released_at IS NULL").Exec(ctx)
	return changed(res, err, "adopting run")
}

// ReleaseRun releases a run that is not released; else ErrConflict.
func (t *tx) ReleaseRun(ctx context.Context, id, by string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*runRow)(nil)).Set("released_by = ?", by).Set("released_at = ?", at.UTC()).Where("id = ?", id).Where("released_at IS NULL").Exec(ctx)
	return changed(res, err, "releasing run")
}

// FinishRun ends a run once all of its items are done; else ErrConflict.
func (t *tx) FinishRun(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*runRow)(nil)).Set("finished_at = greatest(?, released_at)", at.UTC()).Where("id = ?", id).Where("released_at IS NOT NULL").
		Where("finished_at IS NULL").Where("NOT EXISTS (SELECT FROM retention_items i WHERE i.run_id = ? AND i.done_at IS NULL)", id).Exec(ctx)
	return changed(res, err, "finishing run")
}

// NextItem locks the first item of a run that is not done and that nobody else
// works on; ErrNotFound where there is none.
func (t *tx) NextItem(ctx context.Context, runID string) (poa.RunItem, error) {
	var row itemRow
	err := t.q.NewSelect().Model(&row).Where("run_id = ?", runID).Where("done_at IS NULL").OrderExpr("ordinal").Limit(1).For("UPDATE SKIP LOCKED").Scan(ctx)
	return row.item(), failed(err, "taking an item")
}

// DecideItem stores what was decided about an item, once.
func (t *tx) DecideItem(ctx context.Context, i poa.RunItem) error {
	res, err := t.q.NewUpdate().Model((*itemRow)(nil)).Set("outcome = ?", string(i.Outcome)).Set("decided_at = ?", i.DecidedAt.UTC()).
		Where("run_id = ?", i.RunID).Where("ordinal = ?", i.Ordinal).Where("outcome IS NULL").Exec(ctx)
	return changed(res, err, "deciding item")
}

// FinishItem records that the key or the file of a decided item is gone.
func (t *tx) FinishItem(ctx context.Context, i poa.RunItem) error {
	res, err := t.q.NewUpdate().Model((*itemRow)(nil)).Set("done_at = ?", i.DoneAt.UTC()).
		Where("run_id = ?", i.RunID).Where("ordinal = ?", i.Ordinal).Where("outcome IS NOT NULL").Where("done_at IS NULL").Exec(ctx)
	return changed(res, err, "finishing item")
}

// Run reads a run.
func (r reader) Run(ctx context.Context, id string) (poa.Run, error) {
	var row runRow
	err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
	return row.run(), failed(err, "reading run")
}

// Runs lists runs, the newest first.
func (r reader) Runs(ctx context.Context, p poa.Page) (poa.List[poa.Run], error) {
	filtered := func(rows *[]runRow) *bun.SelectQuery { return r.q.NewSelect().Model(rows) }
	place := func(row runRow) cursor { return cursor{At: row.PreparedAt.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "r.prepared_at", id: "r.id"}, p, place,
		func(_ context.Context, row runRow) (poa.Run, error) { return row.run(), nil })
}

// maxOpenRuns bounds the list of open runs: the rest lapsed long ago.
const maxOpenRuns = 100

// OpenRuns lists runs that are not finished, released ones first.
func (r reader) OpenRuns(ctx context.Context) ([]poa.Run, error) {
	var rows []runRow
	err := r.q.NewSelect().Model(&rows).Where("finished_at IS NULL").OrderExpr("released_at IS NULL, prepared_at DESC, id").Limit(maxOpenRuns).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading runs")
	}
	runs := make([]poa.Run, len(rows))
	for i, row := range rows {
		runs[i] = row.run()
	}
	return runs, nil
}

// RunCounts counts a run's items by rule and outcome.
func (r reader) RunCounts(ctx context.Context, id string) ([]poa.RunCount, error) {
	var counts []poa.RunCount
	err := r.q.NewRaw("SELECT rule, coalesce(outcome, '') AS outcome, count(*)::integer AS count FROM retention_items WHERE run_id = ? GROUP BY 1, 2 ORDER BY 1, 2", id).Scan(ctx, &counts)
	return counts, failed(err, "counting items")
}

// RunItems lists items of a run after an ordinal.
func (r reader) RunItems(ctx context.Context, id string, after, limit int) ([]poa.RunItem, error) {
	var rows []itemRow
	err := r.q.NewSelect().Model(&rows).Where("run_id = ?", id).Where("ordinal > ?", after).OrderExpr("ordinal").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading items")
	}
	items := make([]poa.RunItem, len(rows))
	for i, row := range rows {
		items[i] = row.item()
	}
	return items, nil
}
