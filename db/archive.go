// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type manifestRow struct {
	bun.BaseModel `bun:"table:archive_manifests,alias:m"`

	ID         string     `bun:"id,pk"`
	Partition  string     `bun:"partition"`
	Number     int        `bun:"number"`
	Location   string     `bun:"location"`
	Format     int        `bun:"format"`
	Rows       int64      `bun:"rows"`
	Size       int64      `bun:"size"`
	SHA256     []byte     `bun:"sha256"`
	Plain      []byte     `bun:"plain_sha256"`
	Root       []byte     `bun:"root"`
	FirstAt    *time.Time `bun:"first_at"`
	LastAt     *time.Time `bun:"last_at"`
	CreatedAt  time.Time  `bun:"created_at"`
	VerifiedAt *time.Time `bun:"verified_at"`
	DetachedAt *time.Time `bun:"detached_at"`
	DroppedAt  *time.Time `bun:"dropped_at"`
	EndedAt    *time.Time `bun:"ended_at"`
}

func (r manifestRow) archive() (poa.Archive, error) {
	a := poa.Archive{ID: r.ID, Partition: r.Partition, Number: r.Number, Location: r.Location, Format: r.Format, Rows: r.Rows, Size: r.Size,
		FirstAt: fromNullTime(r.FirstAt), LastAt: fromNullTime(r.LastAt), CreatedAt: r.CreatedAt.UTC(), VerifiedAt: fromNullTime(r.VerifiedAt),
		DetachedAt: fromNullTime(r.DetachedAt), DroppedAt: fromNullTime(r.DroppedAt), EndedAt: fromNullTime(r.EndedAt)}
	for into, from := range map[*poa.Digest][]byte{&a.SHA256: r.SHA256, &a.PlainSHA256: r.Plain, &a.Root: r.Root} {
		digest, err := fromDigest(from)
		if err != nil {
			return poa.Archive{}, err
		}
		*into = digest
	}
	return a, nil
}

// BeginArchive records the name of a file that is about to be written.
func (t *tx) BeginArchive(ctx context.Context, m poa.Archive) error {
	_, err := t.q.NewRaw("INSERT INTO archive_writings (location, partition, number, begun_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		m.Location, m.Partition, m.Number, m.CreatedAt.UTC()).Exec(ctx)
	return failed(err, "beginning archive")
}

// InsertArchive keeps the manifest of a verified archive.
func (t *tx) InsertArchive(ctx context.Context, m poa.Archive) error {
	row := manifestRow{ID: m.ID, Partition: m.Partition, Number: m.Number, Location: m.Location, Format: m.Format, Rows: m.Rows, Size: m.Size,
		SHA256: m.SHA256[:], Plain: m.PlainSHA256[:], Root: m.Root[:], FirstAt: nullTime(m.FirstAt), LastAt: nullTime(m.LastAt),
		CreatedAt: m.CreatedAt.UTC(), VerifiedAt: nullTime(m.VerifiedAt)}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting manifest")
}

// lockPatience bounds the wait for the lock on an audit table: who waits for it
// holds up every act behind it.
const lockPatience = 3 * time.Second

// DetachMonth takes an archived month out of its table.
func (t *tx) DetachMonth(ctx context.Context, m poa.Archive, at time.Time) error {
	if _, err := t.q.NewRaw("SELECT set_config('lock_timeout', ?, true)", fmt.Sprint(lockPatience.Milliseconds())).Exec(ctx); err != nil {
		return failed(err, "bounding the wait")
	}
	if _, err := t.q.NewRaw("SELECT audit_detach(?, ?)", m.Partition, m.ID).Exec(ctx); err != nil {
		return failed(err, "detaching a month")
	}
	res, err := t.q.NewUpdate().Model((*manifestRow)(nil)).Set("detached_at = ?", at.UTC()).Where("id = ?", m.ID).Where("detached_at IS NULL").Exec(ctx)
	return changed(res, err, "recording the detaching")
}

// DropMonth deletes a detached month.
func (t *tx) DropMonth(ctx context.Context, m poa.Archive, at time.Time) error {
	if _, err := t.q.NewRaw("SELECT audit_drop(?, ?)", m.Partition, m.ID).Exec(ctx); err != nil {
		return failed(err, "dropping a month")
	}
	res, err := t.q.NewUpdate().Model((*manifestRow)(nil)).Set("dropped_at = ?", at.UTC()).Where("id = ?", m.ID).Where("dropped_at IS NULL").Exec(ctx)
	return changed(res, err, "recording the dropping")
}

// EndArchive records that an archive's file is destroyed.
func (t *tx) EndArchive(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*manifestRow)(nil)).Set("ended_at = ?", at.UTC()).Where("id = ?", id).Where("ended_at IS NULL").Exec(ctx)
	return changed(res, err, "ending archive")
}

// Archives lists the manifests in the order of their making.
func (r reader) Archives(ctx context.Context) ([]poa.Archive, error) {
	var rows []manifestRow
	if err := r.q.NewSelect().Model(&rows).OrderExpr("created_at, partition, number").Scan(ctx); err != nil {
		return nil, failed(err, "reading manifests")
	}
	archives := make([]poa.Archive, len(rows))
	for i, row := range rows {
		var err error
		if archives[i], err = row.archive(); err != nil {
			return nil, err
		}
	}
	return archives, nil
}

// monthsSQL lists the monthly partitions; their names tell the month.
const monthsSQL = `SELECT p.relname AS "table", c.relname AS partition, substring(c.relname FROM '_y([0-9]{4})m[0-9]{2}$')::integer AS year,
		substring(c.relname FROM '_y[0-9]{4}m([0-9]{2})$')::integer AS month
	FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
	WHERE i.inhparent IN (SELECT audit_parents()) AND c.relkind = 'r' AND c.relname ~ '_y[0-9]{4}m[0-9]{2}$' ORDER BY 3, 4, 1`

// Months lists the months of the audit tables that are attached, the oldest
// first.
func (r reader) Months(ctx context.Context) ([]poa.Month, error) {
	var rows []struct {
		Table, Partition string
		Year, Month      int
	}
	if err := r.q.NewRaw(monthsSQL).Scan(ctx, &rows); err != nil {
		return nil, failed(err, "reading months")
	}
	months := make([]poa.Month, len(rows))
	for i, row := range rows {
		from := time.Date(row.Year, time.Month(row.Month), 1, 0, 0, 0, 0, time.UTC)
		months[i] = poa.Month{Table: row.Table, Partition: row.Partition, From: from, Until: from.AddDate(0, 1, 0)}
	}
	return months, nil
}

type backupRow struct {
	bun.BaseModel `bun:"table:backups,alias:b"`

	ID     string    `bun:"id,pk"`
	Kind   string    `bun:"kind"`
	At     time.Time `bun:"at"`
	SHA256 []byte    `bun:"sha256"`
	Size   int64     `bun:"size"`
}

// InsertBackup records a backup that was made.
func (t *tx) InsertBackup(ctx context.Context, b poa.Backup) error {
	row := backupRow{ID: b.ID, Kind: string(b.Kind), At: b.At.UTC(), SHA256: b.SHA256[:], Size: b.Size}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "recording backup")
}

// LastBackup returns the newest backup of a kind.
func (r reader) LastBackup(ctx context.Context, kind poa.BackupKind) (poa.Backup, error) {
	var row backupRow
	if err := r.q.NewSelect().Model(&row).Where("kind = ?", string(kind)).OrderExpr("at DESC, id").Limit(1).Scan(ctx); err != nil {
		return poa.Backup{}, failed(err, "reading backups")
	}
	digest, err := fromDigest(row.SHA256)
	return poa.Backup{ID: row.ID, Kind: poa.BackupKind(row.Kind), At: row.At.UTC(), SHA256: digest, Size: row.Size}, err
}
