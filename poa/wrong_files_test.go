// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"crypto/x509"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// wrongFile is a line about a file that is handed in for a draft that waits for
// its signature.
func wrongFile(name string, file func(o *office, draft []byte) []byte) wrong {
	return wrong{name, func(o *office) func() error {
		d := o.handIn(o.draft())
		signed := file(o, o.draftFile(d))
		return func() error { _, err := o.file(d, signed); return err }
	}}
}

// signedBy is a line about a file that somebody else, or another card, signed.
func signedBy(name string, person poatest.Person, options ...poatest.Option) wrong {
	return wrongFile(name, func(o *office, draft []byte) []byte {
		return sign(o.tb, poatest.MustIssue(o.tb, o.ca, person, options...), draft)
	})
}

func personWith(change func(*poatest.Person)) poatest.Person {
	p := representative
	change(&p)
	return p
}

var (
	stranger   = personWith(func(p *poatest.Person) { p.Name = "山田　次郎" })
	moved      = personWith(func(p *poatest.Person) { p.Address = "東京都千代田区霞が関１－１－２" })
	dbtestTime = func(years int) time.Time { return time.Date(2026+years, 6, 1, 3, 0, 0, 0, time.UTC) }
)

var wrongFiles = []wrong{
	wrongFile("a body over its bound", func(_ *office, _ []byte) []byte { return make([]byte, poa.MaxFile+1) }),
	wrongFile("an empty file", func(_ *office, _ []byte) []byte { return nil }),
	wrongFile("text instead of a signed file", func(_ *office, draft []byte) []byte { return draft }),
	wrongFile("a signed file that was cut off", func(o *office, draft []byte) []byte {
		file := sign(o.tb, o.signer, draft)
		return file[:len(file)/2]
	}),
	wrongFile("a signed file with more behind it", func(o *office, draft []byte) []byte { return append(sign(o.tb, o.signer, draft), "more"...) }),
	wrongFile("nested a thousand levels deep", func(_ *office, _ []byte) []byte { return bytes.Repeat([]byte{0x30, 0x80}, 1000) }),
	wrongFile("broken XML, well signed", func(o *office, draft []byte) []byte { return sign(o.tb, o.signer, draft[:len(draft)-9]) }),
	wrongFile("a document with another power, well signed", func(o *office, draft []byte) []byte {
		return sign(o.tb, o.signer, bytes.Replace(draft, []byte("電子入札"), []byte("電子契約"), 1))
	}),
	wrongFile("a file that was altered after it was signed", func(o *office, draft []byte) []byte {
		return bytes.Replace(sign(o.tb, o.signer, draft), []byte("電子入札"), []byte("電子契約"), 1)
	}),
	wrongFile("a signature that was altered", func(o *office, draft []byte) []byte {
		file := sign(o.tb, o.signer, draft)
		file[len(file)-9] ^= 1
		return file
	}),
	wrongFile("signed without signed attributes", func(o *office, draft []byte) []byte { return byOpenSSL(o.tb, o.signer, draft, "-noattr") }),
	wrongFile("another draft's signed file", func(o *office, _ []byte) []byte { return sign(o.tb, o.signer, o.draftFile(o.draft())) }),
	wrongFile("a certificate of an unknown root", func(o *office, draft []byte) []byte {
		foreign := poatest.MustCA(o.tb, o.clock.Now(), poatest.WithOwnKey())
		return sign(o.tb, poatest.MustIssue(o.tb, foreign, representative), draft)
	}),
	signedBy("an expired certificate", representative, poatest.WithValidity(dbtestTime(-1), dbtestTime(0).Add(-time.Second))),
	signedBy("a certificate that is not valid yet", representative, poatest.WithValidity(dbtestTime(0).Add(time.Hour), dbtestTime(1))),
	signedBy("a certificate for authentication", representative, poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)),
	signedBy("a certificate of another policy", representative, poatest.WithPolicy("1.2.392.200149.8.5.1.3.30")),
	signedBy("a certificate without identity", representative, poatest.WithoutIdentity()),
	signedBy("a certificate of an authority", representative, poatest.AsCA()),
	signedBy("a key of 1024 bits", representative, poatest.WithRSABits(1024)),
	signedBy("an expired certificate of somebody else", stranger, poatest.WithValidity(dbtestTime(-1), dbtestTime(0).Add(-time.Second))),
	signedBy("a signer who is not the representative", stranger),
	signedBy("the representative's name at another address", moved),
	signedBy("the delegate as signer", delegatePerson),
	{"the same draft with other bytes after it was filed", func(o *office) func() error {
		d := o.submitted()
		file := sign(o.tb, poatest.MustIssue(o.tb, o.ca, representative), o.draftFile(d))
		return func() error { _, err := o.file(d, file); return err }
	}},
	{"before the delegate handed in a certificate", func(o *office) func() error {
		d := o.draft()
		file := sign(o.tb, o.signer, o.draftFile(d))
		return func() error { _, err := o.file(d, file); return err }
	}},
	{"another's draft", func(o *office) func() error {
		d := o.handIn(o.draft())
		file, other := sign(o.tb, o.signer, o.draftFile(d)), o.enrol("other@example.jp")
		return func() error {
			_, err := o.registrar.Submit(o.tb.Context(), other, poa.SubmitInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), SignedFile: file})
			return err
		}
	}},
	submitText("a mistyped ID", "00000-00000-00000-00000-00001"),
	submitText("an ID that does not exist", "00000-00000-00000-00000-00000"),
	submitText("SQL instead of an ID", "'; DROP TABLE delegations; --"),
	submitText("an ID of 65 characters", strings.Repeat("0", 65)),
	{"a draft that was withdrawn", func(o *office) func() error {
		d := o.handIn(o.draft())
		file := sign(o.tb, o.signer, o.draftFile(d))
		_, err := o.registrar.Withdraw(o.tb.Context(), o.delegator, end(d, time.Time{}))
		must(o.tb, err)
		return func() error { _, err := o.file(d, file); return err }
	}},
	{"a term that is over by now", func(o *office) func() error {
		d := o.handIn(o.draft(func(in *poa.DraftInput) { in.ValidThrough = in.ValidFrom }))
		file := sign(o.tb, o.signer, o.draftFile(d))
		o.clock.Advance(24 * time.Hour)
		return func() error { _, err := o.file(d, file); return err }
	}},
}

func submitText(name, id string) wrong {
	return wrong{name, func(o *office) func() error {
		return func() error { _, err := o.file(poa.Delegation{ID: poa.DelegationID(id)}, []byte("file")); return err }
	}}
}

// wrongSoleFiles are filings of a person in business, who is told apart by home
// address and birth date.
var wrongSoleFiles = []wrong{
	signedBySole("another birth date", func(p *poatest.Person) { p.BirthDate = "1970-04-02" }),
	signedBySole("a birth date of which the certificate knows the year alone", func(p *poatest.Person) { p.BirthDate = "319700000" }),
	signedBySole("the office's address instead of the home's", func(p *poatest.Person) { p.Address = "東京都港区芝１－１－１" }),
	signedBySole("another name", func(p *poatest.Person) { p.Name = "山田　次郎" }),
	signedBySole("another name, address and birth date", func(p *poatest.Person) { *p = delegatePerson }),
}

func signedBySole(name string, change func(*poatest.Person)) wrong {
	return wrong{name, func(o *office) func() error {
		o.delegator = o.enrolSole(newKey() + "@example.jp")
		return signedBy("", personWith(change)).given(o)
	}}
}

// enrolSole registers, confirms and accepts a sole proprietor.
func (o *office) enrolSole(email string) poa.Actor {
	o.tb.Helper()
	ctx := o.tb.Context()
	in := o.registration(email)
	in.Kind, in.CorporateNumber, in.Name = poa.SoleProprietor, "", "山田商店"
	in.Representative.BirthDate = poa.Date{Year: 1970, Month: 4, Day: 1}
	party, err := o.enrollment.RegisterDelegator(ctx, poa.Anonymous("ja"), in)
	must(o.tb, err)
	actor := o.signInByLink(email)
	says := o.confirmation(party.ID)
	says.Document, says.CorporateNumber, says.Name, says.BirthDate = poa.IdentityDocument, "", "山田商店", in.Representative.BirthDate
	must(o.tb, o.enrollment.Confirm(ctx, o.reception, says))
	must(o.tb, o.enrollment.Decide(ctx, o.reception, poa.DecideInput{IdempotencyKey: newKey(), PartyID: party.ID, Accept: true}))
	return actor
}
