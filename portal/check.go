// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"regexp"
	"strings"
	"time"

	"ininjo/poa"
)

// checkView is the page that checks one ID.
type checkView struct {
	Answer *poa.Answer
	// Receipt is the signed answer, empty where it could not be signed.
	Receipt string
	Asked   bool
	// Historical opens the part of the form that asks about the past.
	Historical bool
}

// Fingerprint is the SHA-256 of the receipt, printed so that paper and file can
// be told to belong together.
func (v checkView) Fingerprint() string {
	if v.Receipt == "" {
		return ""
	}
	return fingerprint(v.Receipt)
}

func (p *portal) showCheck(r *request) error {
	return p.render(r, "check", checkView{}, newForm("check", "delegationId", r.URL.Query().Get("id"), "receipt", "yes"))
}

// check asks for the validity of one delegation. The answer is shown at once:
// each asking is an inquiry of its own, so there is nothing to come back to.
func (p *portal) check(r *request) error {
	var faults poa.Faults
	question := poa.Question{DelegationID: poa.SpokenID(r.text("delegationId")), DocumentSHA256: digestTyped(r.text("documentSha256")),
		At: r.instantOfJapan("at", &faults), KnownAt: r.instantOfJapan("knownAt", &faults)}
	if question.DelegationID == "" {
		faults.Add(poa.CodeRequired, "delegationId")
	}
	historical := r.text("at") != "" || r.text("knownAt") != ""
	if len(faults) > 0 {
		return p.render(r, "check", checkView{Historical: historical}, r.refused("check", faults))
	}
	answers, err := p.Responder.Ask(r.Context(), credentialOf(r.actor), []poa.Question{question})
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "check", checkView{Historical: historical}, r.refused("check", faults))
	}
	if err != nil {
		return err
	}
	view := checkView{Answer: &answers[0], Asked: r.text("receipt") == "yes", Historical: historical}
	if view.Asked {
		view.Receipt, err = p.Responder.Receipt(r.Context(), answers[0])
		if err != nil && poa.CodeOf(err) != poa.CodeSigningUnavailable {
			return err
		}
	}
	form := newForm("check", "delegationId", question.DelegationID, "documentSha256", question.DocumentSHA256, "at", r.text("at"), "knownAt", r.text("knownAt"))
	if view.Asked {
		form.Values.Set("receipt", "yes")
	}
	return p.render(r, "check", view, form)
}

// instantOfJapan reads a moment of Japan's time; none is the zero instant.
func (r *request) instantOfJapan(name string, faults *poa.Faults) time.Time {
	text := r.text(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, poa.JST); err == nil {
			return at.UTC()
		}
	}
	faults.Add(poa.CodeInvalid, name)
	return time.Time{}
}

// digestTyped is a digest as programs print it: with spaces or colons, in any
// case, before the name of the file.
func digestTyped(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "  ")
	return strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(first))
}

// maxReceipt is longer than any receipt, in bytes.
const maxReceipt = 16 << 10

var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// downloadReceipt hands the signed answer that the page holds back as a file:
// the very text whose fingerprint is printed. One signed again later says the
// same and has another fingerprint.
func (p *portal) downloadReceipt(r *request) error {
	text := r.text("receipt")
	if len(text) > maxReceipt || !compactJWS.MatchString(text) {
		return poa.ErrNotFound
	}
	return r.attachment("receipt.jws", "application/jose", []byte(text))
}
