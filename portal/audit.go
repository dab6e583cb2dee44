// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

type auditView struct {
	Subject string
	Events  []poa.AuditEvent
	Pager   pager
}

// listAudit lists audit events; the reading is itself recorded (6.2.1).
func (p *portal) listAudit(r *request) error {
	view := auditView{Subject: r.URL.Query().Get("subject")}
	filter := poa.AuditFilter{SubjectID: view.Subject}
	if id, ok := poa.ParseDelegationID(view.Subject); ok {
		filter.SubjectID = string(id)
	}
	list, err := p.Records.AuditEvents(r.Context(), r.actor, filter, r.pageOf())
	if err != nil {
		return err
	}
	view.Events, view.Pager = list.Items, pagerOf(r, list)
	return p.render(r, "audit", view)
}
