// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"ininjo/poa"
)

const (
	// statusListSize is the number of entries of a status list (design.md, 5).
	statusListSize = 1 << 20
	// statusListFull is where a new list is opened: 75 %.
	statusListFull = statusListSize / 4 * 3
	// statusShardBits tells a counter's share of a list: 2^14 of 2^20 entries.
	statusShardBits = 14
	// statusDraws bounds the draws of one entry. At 75 % all of them meet used
	// ones with a probability of 10^-25.
	statusDraws = 200
)

// AllocateStatusEntry draws an entry of the open list, uniform among the unused
// ones: a draw that meets a used entry is drawn again.
func (t *tx) AllocateStatusEntry(ctx context.Context) (poa.StatusListEntry, error) {
	list, err := t.openStatusList(ctx)
	if err != nil {
		return poa.StatusListEntry{}, err
	}
	for range statusDraws {
		entry := poa.StatusListEntry{List: list, Index: randomIndex()}
		res, err := t.q.ExecContext(ctx, `WITH drawn AS (
			INSERT INTO status_list_entries (list, index) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING list, index)
			UPDATE status_list_shards s SET used = s.used + 1 FROM drawn WHERE s.list = drawn.list AND s.shard = drawn.index >> ?`,
			entry.List, entry.Index, statusShardBits)
		err = changed(res, err, "drawing a status list's entry")
		if !errors.Is(err, poa.ErrConflict) {
			return entry, err
		}
	}
	return poa.StatusListEntry{}, errors.New("drawing a status list's entry: none was free")
}

// openStatusList returns the newest list, or a new one where that is full.
func (t *tx) openStatusList(ctx context.Context) (int, error) {
	var list, used int
	err := t.q.QueryRowContext(ctx, `SELECT list, sum(used) FROM status_list_shards
		WHERE list = (SELECT max(list) FROM status_lists) GROUP BY list`).Scan(&list, &used)
	if err != nil || used < statusListFull {
		return list, failed(err, "reading status lists")
	}
	list++
	if _, err := t.q.ExecContext(ctx, `INSERT INTO status_lists (list) VALUES (?) ON CONFLICT DO NOTHING`, list); err != nil {
		return 0, failed(err, "opening status list")
	}
	_, err = t.q.ExecContext(ctx, `INSERT INTO status_list_shards (list, shard)
		SELECT ?, s FROM generate_series(0, ?) AS s ON CONFLICT DO NOTHING`, list, statusListSize>>statusShardBits-1)
	return list, failed(err, "opening status list")
}

func randomIndex() int {
	var raw [4]byte
	rand.Read(raw[:]) // never fails since Go 1.24
	return int(binary.BigEndian.Uint32(raw[:]) % statusListSize)
}
