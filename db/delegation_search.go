// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"

	"ininjo/poa"
)

// searchDelegations is the kind of search hashes made of delegations.
const searchDelegations = "delegation"

// delegationTexts are the names and addresses by which a delegation is found.
func delegationTexts(c poa.Contents) []string {
	return []string{c.Mandator.Name, c.Mandator.RepresentativeName, c.Mandator.Address, c.Delegate.Name, c.Delegate.Address}
}

// rebuildDelegations hashes what is not erased; of an erased delegation nothing
// is left to find.
func (d *DB) rebuildDelegations(ctx context.Context) error {
	for after := ""; ; {
		var rows []delegationRow
		if err := d.q.NewSelect().Model(&rows).Where("id > ?", after).Order("id").Limit(rebuildBatch).Scan(ctx); err != nil {
			return failed(err, "reading delegations")
		}
		for _, row := range rows {
			after = row.ID
			found, err := d.delegation(ctx, row)
			if err := errors.Join(err, d.indexSearch(ctx, searchDelegations, row.ID, delegationTexts(found.Contents)...)); err != nil {
				return err
			}
		}
		if len(rows) < rebuildBatch {
			return nil
		}
	}
}
