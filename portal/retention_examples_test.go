// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"encoding/csv"
	"net/url"
	"strings"
	"testing"

	"ininjo/poa"
)

// A tour has a hold and a run that waits for its release.
var _ = onTour(func(w *tour) {
	manager := w.people["service_manager"]
	manager.submit(manager.open("/staff/retention/holds", 200), "/staff/retention/holds", url.Values{"subject": {w.at["accepted"]}, "ground": {"東京地裁 令和8年(ワ)第1号"}}, 200)
	lift, _, _ := strings.Cut(manager.open("/staff/retention/holds", 200).body, `/lift"`)
	w.at["lift"] = lift[strings.LastIndex(lift, `"`)+1:] + "/lift"
	w.at["run"], _, _ = strings.Cut(manager.submit(manager.open("/staff/retention", 200), "/staff/retention", nil, 200).path, "?")
})

var _ = examples(func(w *tour) []example {
	return []example{
		pictured(page("GET /staff/retention", "service_manager", "/staff/retention"), "retention"),
		unrefused("POST /staff/retention", "service_manager", "/staff/retention", "a run that waits is told on the page itself"),
		page("GET /staff/retention/holds", "service_manager", "/staff/retention/holds"),
		refused("POST /staff/retention/holds", "service_manager", "/staff/retention/holds", "/staff/retention/holds"),
		page("GET /staff/retention/holds/{id}/lift", "service_owner", w.at["lift"]),
		refused("POST /staff/retention/holds/{id}/lift", "service_owner", w.at["lift"], w.at["lift"]),
		page("GET /staff/retention/request", "service_manager", "/staff/retention/request"),
		refused("POST /staff/retention/request", "service_manager", "/staff/retention/request", "/staff/retention/request"),
		page("GET /staff/retention/{run}", "auditor", w.at["run"]),
		file("GET /staff/retention/{run}/report.csv", "auditor", w.at["run"]+"/report.csv"),
		page("GET /staff/retention/{run}/release", "service_owner", w.at["run"]+"/release"),
		refused("POST /staff/retention/{run}/release", "service_owner", w.at["run"]+"/release", w.at["run"]+"/release"),
	}
})

var seeRetention = []string{"service_owner", "service_manager", "auditor"}

var _ = mayReach(map[string]reach{
	"GET /staff/retention":                  only(seeRetention...),
	"POST /staff/retention":                 only("service_manager"),
	"GET /staff/retention/holds":            only(seeRetention...),
	"POST /staff/retention/holds":           only("service_owner", "service_manager"),
	"GET /staff/retention/holds/{id}/lift":  only("service_owner", "service_manager"),
	"POST /staff/retention/holds/{id}/lift": only("service_owner", "service_manager"),
	"GET /staff/retention/request":          only("service_manager"),
	"POST /staff/retention/request":         only("service_manager"),
	"GET /staff/retention/{run}":            only(seeRetention...),
	"GET /staff/retention/{run}/report.csv": only(seeRetention...),
	"GET /staff/retention/{run}/release":    only("service_owner"),
	"POST /staff/retention/{run}/release":   only("service_owner"),
})

// TestErasureThroughThePages: the manager prepares, the owner types the number
// and releases, both see the report, and what is erased says so.
func TestErasureThroughThePages(t *testing.T) {
	t.Parallel()
	w := newTour(t)
	manager, owner, reception := w.people["service_manager"], w.people["service_owner"], w.people["reception"]
	path := w.at["run"]
	manager.sees(manager.open(path, 200), "承認待ち", "まだ何も消去していません")
	manager.sees(manager.submit(manager.open("/staff/retention", 200), "/staff/retention", nil, 422), "承認待ちまたは実行中の回があります")
	manager.open(path+"/release", 403)
	page := owner.open(path+"/release", 200)
	owner.submit(page, path+"/release", url.Values{"count": {"7"}}, 422)
	page = owner.submit(page, path+"/release", url.Values{"count": {"0"}}, 200)
	owner.sees(page, "承認しました", "実行中")
	rows, err := csv.NewReader(strings.NewReader(owner.open(path+"/report.csv", 200).body)).ReadAll()
	if err != nil || len(rows) != 1 {
		t.Errorf("%v, %d rows", err, len(rows))
	}
	t.Run("an erased delegation is shown as erased", func(t *testing.T) {
		id, _ := poa.ParseDelegationID(w.at["submitted"])
		must(t, w.data.Eraser(t).InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			_, err := tx.EraseRows(ctx, poa.SubjectRef{Kind: poa.SubjectDelegation, ID: string(id)}, w.data.Clock.Now())
			return err
		}))
		must(t, w.data.Eraser(t).DestroyKey(t.Context(), poa.SubjectRef{Kind: poa.SubjectDelegation, ID: string(id)}))
		reception.sees(reception.open("/staff/filings/"+string(id), 200), "消去済み")
		reception.sees(reception.open("/staff/filings", 200), "消去済み")
		delegator := w.people["delegator"]
		delegator.sees(delegator.open("/delegations", 200), "消去済み")
		delegator.sees(delegator.open("/delegations/"+string(id), 200), "消去済み")
		reception.open("/staff/filings/"+string(id)+"/signed", 404)
		manager.sees(manager.submit(manager.open("/staff/retention/holds", 200), "/staff/retention/holds", url.Values{"subject": {string(id)}, "ground": {"x"}}, 422), "該当する記録がありません")
	})
	t.Run("a request of a person under contract is refused", func(t *testing.T) {
		page := manager.open("/staff/retention/request", 200)
		id := w.at["accepted"]
		manager.sees(manager.submit(page, "/staff/retention/request", url.Values{"subject": {id}, "confirm": {id}}, 422), "保留が設定されているため", id)
		manager.submit(page, "/staff/retention/request", url.Values{"subject": {id}, "confirm": {"x"}}, 422)
	})
}
