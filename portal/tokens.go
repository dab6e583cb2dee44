// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strconv"
	"time"

	"ininjo/poa"
)

type tokensView struct {
	Tokens []poa.Token
	Now    time.Time
	// Made is the token just made, Text its text, shown this once.
	Made *poa.Token
	Text string
	API  string
}

// active counts the tokens that hold.
func active(tokens []poa.Token, now time.Time) int {
	n := 0
	for _, t := range tokens {
		if holds(t, now) {
			n++
		}
	}
	return n
}

func holds(t poa.Token, now time.Time) bool { return t.Holds(now) }

// Holds reports whether a token of the list can still be used.
func (v tokensView) Holds(t poa.Token) bool { return holds(t, v.Now) }

// Ending reports whether a token that holds ends within 14 days.
func (v tokensView) Ending(t poa.Token) bool { return t.ExpiresAt.Sub(v.Now) <= 14*24*time.Hour }

func (p *portal) listTokens(r *request) error {
	return p.tokens(r, tokensView{}, newForm("token", "scope", "ALL", "expiresInDays", "365"))
}

func (p *portal) tokens(r *request, view tokensView, f *Form) error {
	tokens, err := p.Enrollment.Tokens(r.Context(), r.actor)
	if err != nil {
		return err
	}
	view.Tokens, view.Now, view.API = tokens, p.Clock.Now(), p.Policy.ValidityURL()
	return p.render(r, "tokens", view, f)
}

// createToken makes an API token. Its text is shown in this one answer.
func (p *portal) createToken(r *request) error {
	days, err := strconv.Atoi(r.text("expiresInDays"))
	if err != nil {
		return p.tokens(r, tokensView{}, r.refused("token", poa.Faults{{Code: poa.CodeInvalid, Field: []string{"expiresInDays"}}}))
	}
	made, text, err := p.Enrollment.CreateToken(r.Context(), r.actor,
		poa.TokenInput{IdempotencyKey: r.key(), Name: r.text("name"), Scope: poa.TokenScope(r.text("scope")), ExpiresInDays: days})
	if faults, ok := faultsOf(err); ok {
		return p.tokens(r, tokensView{}, r.refused("token", faults))
	}
	if err != nil {
		return err
	}
	return p.tokens(r, tokensView{Made: &made, Text: text}, newForm("token", "scope", "ALL", "expiresInDays", "365"))
}

func (p *portal) showRevokeToken(r *request) error {
	tokens, err := p.Enrollment.Tokens(r.Context(), r.actor)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.ID == r.PathValue("id") {
			return p.render(r, "token-revoke", t)
		}
	}
	return poa.ErrNotFound
}

// revokeToken withdraws a token: it stops at once.
func (p *portal) revokeToken(r *request) error {
	if err := p.Enrollment.RevokeToken(r.Context(), r.actor, r.key(), r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/tokens?done=token-revoked")
}
