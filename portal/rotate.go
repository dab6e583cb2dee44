// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strconv"

	"ininjo/poa"
)

// overlaps are the choices of how long what is old goes on, in hours.
var overlaps = []string{"0", "1", "24", "72", "168"}

// number reads a whole number; what is none becomes a fault of the field.
func (r *request) number(name string, faults *poa.Faults) int {
	n, err := strconv.Atoi(r.text(name))
	if err != nil {
		faults.Add(poa.CodeInvalid, name)
	}
	return n
}

// ownToken finds a token of the party that can still be used.
func (p *portal) ownToken(r *request) (poa.Token, error) {
	tokens, err := p.Enrollment.Tokens(r.Context(), r.actor)
	if err != nil {
		return poa.Token{}, err
	}
	for _, t := range tokens {
		if t.ID == r.PathValue("id") {
			return t, nil
		}
	}
	return poa.Token{}, poa.ErrNotFound
}

func (p *portal) showRotateToken(r *request) error {
	return p.rotatePage(r, newForm("rotate-token", "overlapHours", "24", "expiresInDays", "365"))
}

func (p *portal) rotatePage(r *request, f *Form) error {
	token, err := p.ownToken(r)
	if err != nil {
		return err
	}
	return p.render(r, "token-rotate", token, f)
}

// rotateToken gives a token a successor, whose text is shown in this one answer.
func (p *portal) rotateToken(r *request) error {
	var faults poa.Faults
	in := poa.RotateInput{IdempotencyKey: r.key(), TokenID: r.PathValue("id"), OverlapHours: r.number("overlapHours", &faults), ExpiresInDays: r.number("expiresInDays", &faults)}
	if len(faults) > 0 {
		return p.rotatePage(r, r.refused("rotate-token", faults))
	}
	made, text, err := p.Enrollment.RotateToken(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.rotatePage(r, r.refused("rotate-token", faults))
	}
	if err != nil {
		return err
	}
	return p.tokens(r, tokensView{Made: &made, Text: text}, newForm("token", "scope", "ALL", "expiresInDays", "365"))
}
