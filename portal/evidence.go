// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"slices"
	"time"

	"ininjo/poa"
)

// evidenceView is the evidence of a delegation: of its filing, and to staff of the
// delegate's certificate.
type evidenceView struct {
	ID poa.DelegationID
	// Base is the page's address, Back where one comes from; "" for nowhere.
	Base, Back string
	Chains     []chainView
}

type chainView struct {
	Chain   poa.EvidenceChain
	Mode    poa.Mode
	Records []recordView
	File    string
}

type recordView struct {
	poa.EvidenceEntry
	// RenewAt is when its newest stamp is to be renewed; zero without one.
	RenewAt time.Time
}

func evidenceRoutes() []route {
	return []route{
		{"GET /delegations/{id}/evidence", delegators, (*portal).showEvidence},
		{"GET /delegations/{id}/evidence/file", delegators, (*portal).downloadEvidence},
		{"GET /staff/evidence/{id}", evidenceReaders, (*portal).showStaffEvidence},
		{"GET /staff/evidence/{id}/file", evidenceReaders, (*portal).downloadEvidence},
	}
}

// showEvidence shows a delegator what is kept of the checks of its own filing.
func (p *portal) showEvidence(r *request) error {
	d, err := p.Records.Delegation(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	place := "/delegations/" + string(d.ID)
	return p.evidence(r, evidenceView{ID: d.ID, Base: place + "/evidence", Back: place}, poa.EvidenceFiling)
}

// showStaffEvidence shows staff both chains, and that there is none.
func (p *portal) showStaffEvidence(r *request) error {
	id, ok := poa.ParseDelegationID(r.PathValue("id"))
	if !ok {
		return poa.ErrNotFound
	}
	view := evidenceView{ID: id, Base: "/staff/evidence/" + string(id)}
	if r.actor.May(poa.MaySeeParties) {
		view.Back = "/staff/filings/" + string(id)
	}
	return p.evidence(r, view, poa.EvidenceFiling, poa.EvidenceDelegate)
}

func (p *portal) evidence(r *request, view evidenceView, chains ...poa.EvidenceChain) error {
	for _, chain := range chains {
		found, err := p.Records.Evidence(r.Context(), r.actor, string(view.ID), chain)
		if errors.Is(err, poa.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		shown := chainView{Chain: chain, Mode: poa.Mode(found.Records[0].Record.Mode), File: view.Base + "/file?chain=" + string(chain)}
		for _, entry := range found.Records {
			record := recordView{EvidenceEntry: entry}
			if n := len(entry.Stamps); n > 0 {
				record.RenewAt = p.Registrar.RenewalOf(entry.Stamps[n-1])
			}
			shown.Records = append(shown.Records, record)
		}
		view.Chains = append(view.Chains, shown)
	}
	if len(view.Chains) == 0 && r.actor.Kind == poa.ActorStaff {
		return poa.ErrNotFound // the auditor sees no delegations: missing and empty look the same
	}
	return p.render(r, "evidence", view)
}

// hasEvidence reports whether an audit event is one that leaves evidence.
func hasEvidence(e poa.AuditEvent) bool {
	done := []poa.Action{poa.ActionHandedIn, poa.ActionSubmitted, poa.ActionAccepted, poa.ActionRefused, poa.ActionStatusAsked, poa.ActionEvidenceStamped, poa.ActionEvidenceRead}
	_, ok := poa.ParseDelegationID(e.SubjectID)
	return ok && e.Outcome == poa.OutcomeDone && slices.Contains(done, e.Action)
}

// downloadEvidence hands over what `ininjo verify evidence` reads.
func (p *portal) downloadEvidence(r *request) error {
	chain := poa.EvidenceFiling
	name := "ininjo-evidence-"
	if r.URL.Query().Get("chain") == string(poa.EvidenceDelegate) {
		chain, name = poa.EvidenceDelegate, "ininjo-evidence-delegate-"
	}
	found, err := p.Records.Evidence(r.Context(), r.actor, r.PathValue("id"), chain)
	if err != nil {
		return err
	}
	return r.attachment(evidenceName(name, found.DelegationID), "application/json", found.Bundle)
}

func evidenceName(prefix string, id poa.DelegationID) string { return prefix + id.Compact() + ".json" }
