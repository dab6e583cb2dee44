// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// DetailsOf reads what belongs to each of the delegations in four statements,
// however many they are.
func (r reader) DetailsOf(ctx context.Context, ids []poa.DelegationID) (map[poa.DelegationID]poa.Details, error) {
	all := make(map[poa.DelegationID]poa.Details, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	wanted := texts(ids)
	for _, add := range []func(context.Context, []string, map[poa.DelegationID]poa.Details) error{r.addFacts, r.addChecks, r.addRefusals, r.addReplacements} {
		if err := add(ctx, wanted, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r reader) addFacts(ctx context.Context, wanted []string, all map[poa.DelegationID]poa.Details) error {
	var rows []factRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(wanted)).OrderExpr("delegation_id, version").Scan(ctx); err != nil {
		return failed(err, "reading facts")
	}
	for _, row := range rows {
		details := all[poa.DelegationID(row.DelegationID)]
		details.Facts = append(details.Facts, row.fact())
		all[poa.DelegationID(row.DelegationID)] = details
	}
	return nil
}

func (r reader) addChecks(ctx context.Context, wanted []string, all map[poa.DelegationID]poa.Details) error {
	var rows []checkRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(wanted)).OrderExpr("id").Scan(ctx); err != nil {
		return failed(err, "reading checks")
	}
	for _, row := range rows {
		c, err := r.check(ctx, row)
		if err != nil {
			return err
		}
		details := all[poa.DelegationID(row.DelegationID)]
		details.Checks = append(details.Checks, c)
		all[poa.DelegationID(row.DelegationID)] = details
	}
	return nil
}

func (r reader) addRefusals(ctx context.Context, wanted []string, all map[poa.DelegationID]poa.Details) error {
	var rows []refusalRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(wanted)).OrderExpr("delegation_id, number").Scan(ctx); err != nil {
		return failed(err, "reading refusals")
	}
	for _, row := range rows {
		refusal, err := r.refusal(ctx, row)
		if err != nil {
			return err
		}
		details := all[poa.DelegationID(row.DelegationID)]
		details.Refusals = append(details.Refusals, refusal)
		all[poa.DelegationID(row.DelegationID)] = details
	}
	return nil
}

func (r reader) addReplacements(ctx context.Context, wanted []string, all map[poa.DelegationID]poa.Details) error {
	var rows []delegationRow
	err := r.q.NewSelect().Model(&rows).Column("id", "replaces").Where("replaces IN (?)", bun.List(wanted)).Where("state = ?", string(poa.StateAccepted)).Scan(ctx)
	if err != nil {
		return failed(err, "reading replacements")
	}
	for _, row := range rows {
		replaced := fromNullText[poa.DelegationID](row.Replaces)
		details := all[replaced]
		details.Replacement = poa.DelegationID(row.ID)
		all[replaced] = details
	}
	return nil
}
