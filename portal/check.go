// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"regexp"
	"strings"

	"ininjo/poa"
)

type checkView struct {
	Answer *poa.Answer
	// Receipt is the signed answer, empty where it could not be signed.
	Receipt string
	Asked   bool
}

func (p *portal) showCheck(r *request) error {
	return p.render(r, "check", checkView{}, newForm("check", "delegationId", r.URL.Query().Get("id"), "receipt", "yes"))
}

// check asks for the validity of one delegation. The answer is shown at once:
// each asking is an inquiry of its own, so there is nothing to come back to.
func (p *portal) check(r *request) error {
	question := poa.Question{DelegationID: r.text("delegationId"), DocumentSHA256: strings.ToLower(r.text("documentSha256"))}
	if question.DelegationID == "" {
		return p.render(r, "check", checkView{}, r.refused("check", poa.Faults{{Code: poa.CodeRequired, Field: []string{"delegationId"}}}))
	}
	answers, err := p.Responder.Ask(r.Context(), credentialOf(r.actor), []poa.Question{question})
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "check", checkView{}, r.refused("check", faults))
	}
	if err != nil {
		return err
	}
	view := checkView{Answer: &answers[0], Asked: r.text("receipt") == "yes"}
	if view.Asked {
		view.Receipt, err = p.Responder.Receipt(r.Context(), answers[0])
		if err != nil && poa.CodeOf(err) != poa.CodeSigningUnavailable {
			return err
		}
	}
	form := newForm("check", "delegationId", question.DelegationID, "documentSha256", question.DocumentSHA256)
	if view.Asked {
		form.Values.Set("receipt", "yes")
	}
	return p.render(r, "check", view, form)
}

// maxReceipt is longer than any receipt, in bytes.
const maxReceipt = 16 << 10

var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// downloadReceipt hands the signed answer that the page holds back as a file:
// the service keeps no copy of it.
func (p *portal) downloadReceipt(r *request) error {
	text := r.text("receipt")
	if len(text) > maxReceipt || !compactJWS.MatchString(text) {
		return poa.ErrNotFound
	}
	return r.attachment("receipt.jws", "application/jose", []byte(text))
}
