// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"ininjo/poa"
)

type inquiriesView struct {
	Inquiries []poa.PastAnswer
	Pager     pager
	Filtered  bool
	// Tokens are the names of tokens by ID.
	Tokens map[string]string
	// Export is the query of the CSV.
	Export string
}

// listInquiries lists the recipient's own inquiries.
func (p *portal) listInquiries(r *request) error { return p.inquiries(r, nil) }

func (p *portal) inquiries(r *request, faults poa.Faults) error {
	form := &Form{Scope: "inquiries", Values: r.URL.Query(), Faults: faults, Key: poa.NewID("frm_")}
	filter, possible := inquiryFilter(r, &form.Faults)
	tokens, err := p.tokenNames(r)
	if err != nil {
		return err
	}
	view := inquiriesView{Filtered: filter != poa.InquiryFilter{} || !possible, Tokens: tokens, Export: form.Values.Encode()}
	if possible && len(form.Faults) == 0 {
		list, err := p.Responder.Inquiries(r.Context(), r.actor, filter, r.pageOf())
		if err != nil {
			return err
		}
		view.Inquiries, view.Pager = list.Items, pagerOf(r, list)
	}
	return p.render(r, "inquiries", view, form)
}

// tokenNames are the names of the party's tokens, for the filter and the list.
func (p *portal) tokenNames(r *request) (map[string]string, error) {
	names := map[string]string{}
	tokens, err := p.Enrollment.Tokens(r.Context(), r.actor)
	for _, t := range tokens {
		names[t.ID] = t.Name
	}
	return names, err
}

// inquiryFilter reads the filter from the query; days are Japan's and inclusive.
// It is false where nothing can fit.
func inquiryFilter(r *request, faults *poa.Faults) (poa.InquiryFilter, bool) {
	q := r.URL.Query()
	day := func(name string) poa.Date {
		text := strings.TrimSpace(q.Get(name))
		if text == "" {
			return poa.Date{}
		}
		d, err := poa.ParseDate(text)
		if err != nil {
			faults.Add(poa.CodeInvalid, name)
		}
		return d
	}
	var f poa.InquiryFilter
	if d := day("from"); !d.IsZero() {
		f.From = d.Begins()
	}
	if d := day("through"); !d.IsZero() {
		f.Until = d.Ends()
	}
	if token := q.Get("token"); poa.IsID(token, poa.PrefixToken) {
		f.TokenID = token
	}
	typed := strings.TrimSpace(q.Get("delegationId"))
	if typed == "" {
		return f, true
	}
	id, ok := poa.ParseDelegationID(poa.SpokenID(typed))
	if !ok {
		faults.Add(poa.CodeUnknownDelegation, "delegationId")
	}
	f.DelegationID = id
	return f, ok
}

// exportInquiries streams a period's inquiries as CSV: the last 30 days where
// none is given.
func (p *portal) exportInquiries(r *request) error {
	var faults poa.Faults
	filter, possible := inquiryFilter(r, &faults)
	today := poa.DateOf(p.Clock.Now())
	if filter.Until.IsZero() {
		filter.Until = today.Ends()
	}
	if filter.From.IsZero() {
		filter.From = filter.Until.Add(-30 * 24 * time.Hour)
	}
	if len(faults) > 0 || !possible {
		return p.inquiries(r, faults)
	}
	write, err := p.Responder.InquiriesCSV(r.Context(), r.actor, filter)
	if faults, ok := faultsOf(err); ok {
		return p.inquiries(r, faults)
	}
	if err != nil {
		return err
	}
	return p.export(r, "inquiries-"+p.stamp()+".csv", "text/csv; charset=utf-8", write)
}

// showInquiry shows one inquiry with the answer as it was given.
func (p *portal) showInquiry(r *request) error {
	past, err := p.Responder.Inquiry(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	tokens, err := p.tokenNames(r)
	if err != nil {
		return err
	}
	proof, err := p.Responder.ProofOf(r.Context(), past)
	if err != nil {
		return err
	}
	return p.render(r, "inquiry", inquiryView{past, tokens[past.TokenID], proof != ""})
}

type inquiryView struct {
	Past poa.PastAnswer
	// Token is the name of the token that asked, "" for a session.
	Token string
	// Sealed tells that the proof from the audit log can be fetched.
	Sealed bool
}

// downloadReceiptAgain signs the receipt of an inquiry again.
func (p *portal) downloadReceiptAgain(r *request) error {
	compact, err := p.Responder.ReceiptAgain(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.attachment("receipt-"+r.PathValue("id")+".jws", "application/jose", []byte(compact))
}

// downloadProof hands out the proof that an inquiry stands in the audit log; until
// it is sealed there is none.
func (p *portal) downloadProof(r *request) error {
	proof, err := p.Responder.InclusionProof(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if proof == "" {
		return poa.ErrNotFound
	}
	return r.attachment("proof-"+r.PathValue("id")+".txt", "text/plain; charset=utf-8", []byte(proof))
}

// fingerprint is the SHA-256 of a receipt's text, to print beside the answer.
func fingerprint(receipt string) string {
	sum := sha256.Sum256([]byte(receipt))
	return hex.EncodeToString(sum[:])
}
