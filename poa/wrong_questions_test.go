// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"strings"
	"time"

	"ininjo/poa"
)

// wrongQuestion is a line about a question of the recipient.
func wrongQuestion(name string, change func(o *office, q *poa.Question)) wrong {
	return wrong{name, func(o *office) func() error {
		q := poa.Question{DelegationID: string(poa.NewDelegationID())}
		change(o, &q)
		return func() error {
			_, err := o.responder.Ask(o.tb.Context(), o.credential, []poa.Question{q})
			return err
		}
	}}
}

// wrongCredential is a line about who asks.
func wrongCredential(name string, given func(o *office) poa.Credential) wrong {
	return wrong{name, func(o *office) func() error {
		c, q := given(o), []poa.Question{{DelegationID: string(poa.NewDelegationID())}}
		return func() error { _, err := o.responder.Ask(o.tb.Context(), c, q); return err }
	}}
}

// token makes a token of the actor that holds for a day.
func (o *office) token(actor poa.Actor, scope poa.TokenScope) (poa.Token, poa.Credential) {
	o.tb.Helper()
	token, text, err := o.enrollment.CreateToken(o.tb.Context(), actor, poa.TokenInput{IdempotencyKey: newKey(), Name: "token", Scope: scope, ExpiresInDays: 1})
	must(o.tb, err)
	return token, credentialOf(text)
}

var wrongQuestions = []wrong{
	wrongQuestion("an instant to come", func(o *office, q *poa.Question) { q.At = o.clock.Now().Add(time.Microsecond) }),
	wrongQuestion("a knowledge to come", func(o *office, q *poa.Question) { q.KnownAt = o.clock.Now().Add(time.Hour) }),
	wrongQuestion("a digest that is too short", func(_ *office, q *poa.Question) { q.DocumentSHA256 = "00" }),
	wrongQuestion("a digest that is no hex", func(_ *office, q *poa.Question) { q.DelegateCertificateSHA256 = strings.Repeat("g", 64) }),
	wrongQuestion("a nonce of 129 characters", func(_ *office, q *poa.Question) { q.Nonce = strings.Repeat("n", 129) }),
	wrongQuestion("a nonce with control characters", func(_ *office, q *poa.Question) { q.Nonce = "n\x00" }),
	{"101 questions at once", func(o *office) func() error {
		return func() error {
			_, err := o.responder.Ask(o.tb.Context(), o.credential, make([]poa.Question, poa.MaxInquiries+1))
			return err
		}
	}},
	wrongCredential("no token", func(*office) poa.Credential { return poa.Credential{} }),
	wrongCredential("a foreign token", func(*office) poa.Credential { return credentialOf("inj_live_foreign") }),
	wrongCredential("a withdrawn token", func(o *office) poa.Credential {
		token, credential := o.token(o.recipient, poa.ScopeValidity)
		must(o.tb, o.enrollment.RevokeToken(o.tb.Context(), o.recipient, newKey(), token.ID))
		return credential
	}),
	wrongCredential("an expired token", func(o *office) poa.Credential {
		_, credential := o.token(o.recipient, poa.ScopeValidity)
		o.clock.Advance(24 * time.Hour)
		return credential
	}),
	wrongCredential("a token that is not for validity", func(o *office) poa.Credential {
		_, credential := o.token(o.recipient, poa.ScopeRead)
		return credential
	}),
	wrongCredential("a delegator's token", func(o *office) poa.Credential {
		_, credential := o.token(o.delegator, poa.ScopeAll)
		return credential
	}),
	wrongCredential("a delegator's session", func(o *office) poa.Credential { return poa.Credential{AccountID: o.delegator.ID} }),
	wrongCredential("a session of nobody", func(*office) poa.Credential { return poa.Credential{AccountID: poa.NewID(poa.PrefixAccount)} }),
}
