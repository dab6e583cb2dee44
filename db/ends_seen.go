// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"ininjo/poa"
)

// endTypes are the notices of a delegation's ends, as the indexes of their own
// name them.
const endTypes = `('delegation.revoked', 'delegation.renounced', 'delegation.superseded', 'delegation.expired', 'delegation.ended')`

// knownEnds says of each notice to a recipient when it was told first and when
// it acknowledged: a 2xx of an endpoint is both, mail that was handed over tells
// alone, an acknowledgement in the feed covers every number up to its own.
const knownEnds = `SELECT n.change_id, n.party_id, n.type, n.at, n.effective_at, least(v.at, m.at, k.at) AS told_at, least(v.at, k.at) AS acknowledged_at
	FROM notices n JOIN parties p ON p.id = n.party_id AND p.role = 'RECIPIENT'
	LEFT JOIN LATERAL (SELECT min(d.delivered_at) AS at FROM deliveries d
		WHERE d.change_id = n.change_id AND d.party_id = n.party_id AND d.type IN ` + endTypes + `) v ON true
	LEFT JOIN LATERAL (SELECT min(l.sent_at) AS at FROM mails l WHERE l.change_id = n.change_id AND l.party_id = n.party_id) m ON true
	LEFT JOIN LATERAL (SELECT min(f.at) AS at FROM feed_acknowledgements f
		WHERE f.party_id = n.party_id AND f.stream = n.stream AND f.sequence >= n.sequence) k ON true
	WHERE n.delegation_id = ?0 AND n.type IN ` + endTypes

type endNoticeRow struct {
	ChangeID     int64
	Type         string
	At           time.Time
	EffectiveAt  *time.Time
	Recipients   int
	Told         int
	Acknowledged int
	FirstToldAt  *time.Time
	LastToldAt   *time.Time
}

// EndNotices tells of each end of a delegation how far it is known. An end that
// concerned no recipient is told, too: the delegator's own notice names it.
func (r reader) EndNotices(ctx context.Context, id poa.DelegationID) ([]poa.EndNotice, error) {
	var rows []endNoticeRow
	err := r.q.NewRaw(`WITH known AS (`+knownEnds+`)
		SELECT e.change_id, e.type, e.at, e.effective_at, count(k.party_id) AS recipients, count(k.told_at) AS told, count(k.acknowledged_at) AS acknowledged,
			min(k.told_at) AS first_told_at, max(k.told_at) AS last_told_at
		FROM (SELECT DISTINCT change_id, type, at, effective_at FROM notices WHERE delegation_id = ?0 AND type IN `+endTypes+`) e
		LEFT JOIN known k ON k.change_id = e.change_id
		GROUP BY 1, 2, 3, 4 ORDER BY 1`, string(id)).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading who was told of ends")
	}
	ends := make([]poa.EndNotice, len(rows))
	for i, row := range rows {
		ends[i] = poa.EndNotice{ChangeID: row.ChangeID, Type: poa.NoticeType(row.Type), At: row.At.UTC(), EffectiveAt: fromNullTime(row.EffectiveAt),
			Recipients: row.Recipients, Told: row.Told, Acknowledged: row.Acknowledged, FirstToldAt: fromNullTime(row.FirstToldAt), LastToldAt: fromNullTime(row.LastToldAt)}
	}
	return ends, nil
}

// NamedRecipients lists who of those concerned by a change agreed to be named. A
// recipient that was erased is named no more.
func (r reader) NamedRecipients(ctx context.Context, id poa.DelegationID, changeID int64, limit int) ([]poa.NamedRecipient, error) {
	var rows []struct {
		PartyID        string
		ToldAt         *time.Time
		AcknowledgedAt *time.Time
	}
	err := r.q.NewRaw(`SELECT k.party_id, k.told_at, k.acknowledged_at FROM (`+knownEnds+` AND n.change_id = ?1 AND p.name_shown) k
		ORDER BY k.told_at, k.party_id LIMIT ?2`, string(id), changeID, limit).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, failed(err, "reading who was told by name")
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.PartyID
	}
	list, err := r.Recipients(ctx, poa.PartyFilter{IDs: ids}, poa.Order{}, poa.Page{First: poa.MaxPage})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, recipient := range list.Items {
		names[recipient.ID] = recipient.Profile.Name
	}
	var named []poa.NamedRecipient
	for _, row := range rows {
		if name := names[row.PartyID]; name != "" {
			named = append(named, poa.NamedRecipient{Name: name, ToldAt: fromNullTime(row.ToldAt), AcknowledgedAt: fromNullTime(row.AcknowledgedAt)})
		}
	}
	return named, nil
}
