// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// wrongHandIn is a line about what a delegate hands in for a fresh draft.
func wrongHandIn(name string, given func(o *office, delegate poa.Actor, c poa.Challenge) poa.HandInInput) wrong {
	return wrong{name, func(o *office) func() error {
		d := o.draft()
		delegate := o.delegateOf(d, poa.MailDelegateLink)
		challenge, err := o.registrar.Challenge(o.tb.Context(), delegate)
		must(o.tb, err)
		in := given(o, delegate, challenge)
		in.IdempotencyKey = newKey()
		return func() error { _, err := o.registrar.HandIn(o.tb.Context(), delegate, in); return err }
	}}
}

var wrongHandIns = []wrong{
	wrongHandIn("a certificate of another name", func(o *office, _ poa.Actor, c poa.Challenge) poa.HandInInput {
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: sign(o.tb, o.signer, c.Text)}
	}),
	wrongHandIn("a certificate of an unknown root", func(o *office, _ poa.Actor, c poa.Challenge) poa.HandInInput {
		foreign := poatest.MustCA(o.tb, o.clock.Now(), poatest.WithOwnKey())
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: sign(o.tb, poatest.MustIssue(o.tb, foreign, delegatePerson), c.Text)}
	}),
	wrongHandIn("another text than the challenge's, signed", func(o *office, _ poa.Actor, c poa.Challenge) poa.HandInInput {
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: sign(o.tb, o.delegate, []byte("another text"))}
	}),
	wrongHandIn("the certificate alone, unsigned", func(o *office, _ poa.Actor, c poa.Challenge) poa.HandInInput {
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: o.delegate.CertificatePEM()}
	}),
	wrongHandIn("the challenge of another delegation", func(o *office, _ poa.Actor, _ poa.Challenge) poa.HandInInput {
		c, err := o.registrar.Challenge(o.tb.Context(), o.delegateOf(o.draft(), poa.MailDelegateLink))
		must(o.tb, err)
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: sign(o.tb, o.delegate, c.Text)}
	}),
	wrongHandIn("SQL instead of a challenge", func(_ *office, _ poa.Actor, _ poa.Challenge) poa.HandInInput {
		return poa.HandInInput{ChallengeID: "' OR 1=1 --\x00", SignedFile: []byte("file")}
	}),
	wrongHandIn("a challenge that expired", func(o *office, _ poa.Actor, c poa.Challenge) poa.HandInInput {
		o.clock.Advance(30 * time.Minute)
		return poa.HandInInput{ChallengeID: c.ID, SignedFile: sign(o.tb, o.delegate, c.Text)}
	}),
	wrongHandIn("a second certificate", func(o *office, delegate poa.Actor, c poa.Challenge) poa.HandInInput {
		in := poa.HandInInput{IdempotencyKey: newKey(), ChallengeID: c.ID, SignedFile: sign(o.tb, o.delegate, c.Text)}
		_, err := o.registrar.HandIn(o.tb.Context(), delegate, in)
		must(o.tb, err)
		return in
	}),
	{"a link that was used", func(o *office) func() error {
		delegate := o.delegateOf(o.draft(), poa.MailDelegateLink)
		must(o.tb, o.registrar.Decline(o.tb.Context(), delegate, newKey()))
		return func() error { return o.registrar.Decline(o.tb.Context(), delegate, newKey()) }
	}},
	{"a challenge after the delegate declined", func(o *office) func() error {
		delegate := o.delegateOf(o.draft(), poa.MailDelegateLink)
		must(o.tb, o.registrar.Decline(o.tb.Context(), delegate, newKey()))
		return func() error { _, err := o.registrar.Challenge(o.tb.Context(), delegate); return err }
	}},
}

// wrongEnd is a line about an accepted delegation.
func wrongEnd(name string, try func(o *office, d poa.Delegation) error) wrong {
	return wrong{name, func(o *office) func() error {
		d := o.accepted()
		return func() error { return try(o, d) }
	}}
}

// wrongDecision is a line about a filing that waits for reception.
func wrongDecision(name string, in poa.DecideFilingInput) wrong {
	return wrong{name, func(o *office) func() error {
		in.IdempotencyKey, in.DelegationID = newKey(), string(o.submitted().ID)
		return func() error { _, err := o.registrar.Decide(o.tb.Context(), o.reception, in); return err }
	}}
}

var wrongEnds = []wrong{
	wrongDecision("accepting without a ground what was not checked", poa.DecideFilingInput{Accept: true}),
	wrongDecision("refusing without a reason", poa.DecideFilingInput{}),
	wrongDecision("refusing with a code that is a machine's", poa.DecideFilingInput{Reasons: []poa.RefusalReason{{Code: poa.CodeSignatureInvalid}}}),
	wrongEnd("deciding what is decided", func(o *office, d poa.Delegation) error { _, err := o.decide(d, false); return err }),
	wrongEnd("withdrawing what was accepted", func(o *office, d poa.Delegation) error {
		_, err := o.registrar.Withdraw(o.tb.Context(), o.delegator, end(d, time.Time{}))
		return err
	}),
	wrongEnd("revoking as of yesterday", func(o *office, d poa.Delegation) error { return o.revoke(d, o.clock.Now().Add(-24*time.Hour)) }),
	wrongEnd("revoking as of a day after the term", func(o *office, d poa.Delegation) error { return o.revoke(d, d.ValidThrough.Ends()) }),
	wrongEnd("ending by the service as of yesterday", func(o *office, d poa.Delegation) error {
		_, err := o.registrar.EndByService(o.tb.Context(), o.serviceOwner, end(d, o.clock.Now().Add(-24*time.Hour)), poa.ReasonContractEnded)
		return err
	}),
	wrongEnd("ending by the service with a ground of qualifications", func(o *office, d poa.Delegation) error {
		_, err := o.registrar.EndByService(o.tb.Context(), o.serviceOwner, end(d, time.Time{}), poa.ReasonQualificationStruckOff)
		return err
	}),
	{"revoking a draft", func(o *office) func() error {
		d := o.draft()
		return func() error { return o.revoke(d, time.Time{}) }
	}},
	{"revoking what is revoked", func(o *office) func() error {
		d := o.accepted()
		must(o.tb, o.revoke(d, time.Time{}))
		return func() error { return o.revoke(d, time.Time{}) }
	}},
	{"accepting after the term", func(o *office) func() error {
		d := o.submitted(func(in *poa.DraftInput) { in.ValidThrough = in.ValidFrom })
		o.clock.Advance(24 * time.Hour)
		return func() error { _, err := o.decide(d, true); return err }
	}},
}

// wrongRegistration is a line about an application that differs from a good one.
func wrongRegistration(name string, change func(*poa.RegisterInput)) wrong {
	return wrong{name, func(o *office) func() error {
		in := o.registration(newKey() + "@example.jp")
		change(&in)
		return func() error {
			_, err := o.enrollment.RegisterDelegator(o.tb.Context(), poa.Anonymous("ja"), in)
			return err
		}
	}}
}

var wrongRegistrations = []wrong{
	wrongRegistration("nothing but a key", func(in *poa.RegisterInput) { *in = poa.RegisterInput{IdempotencyKey: newKey()} }),
	wrongRegistration("a corporate number whose check digit does not fit", func(in *poa.RegisterInput) { in.CorporateNumber = "7000012050003" }),
	wrongRegistration("a My Number as the address", func(in *poa.RegisterInput) { in.Address = "東京都 123456789018" }),
	wrongRegistration("a birth date that corporations are not asked for", func(in *poa.RegisterInput) {
		in.Representative.BirthDate = poa.Date{Year: 1970, Month: 4, Day: 1}
	}),
	wrongRegistration("a sole proprietor without a birth date", func(in *poa.RegisterInput) { in.Kind, in.CorporateNumber = poa.SoleProprietor, "" }),
	wrongRegistration("a name of 201 characters", func(in *poa.RegisterInput) { in.Name = strings.Repeat("社", 201) }),
	wrongRegistration("without consent", func(in *poa.RegisterInput) { in.Consent = false }),
	wrongRegistration("consent to terms that are not in force", func(in *poa.RegisterInput) { in.TermsID = poa.NewID(poa.PrefixTerms) }),
	wrongRegistration("an e-mail address that is taken", func(in *poa.RegisterInput) { in.Email = "delegator@example.jp" }),
	wrongRegistration("an e-mail address that is taken, in capitals", func(in *poa.RegisterInput) { in.Email = "Delegator@Example.JP" }),
}
