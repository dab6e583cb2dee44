// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// login is a way to sign in to the portal.
type login struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totpSecret,omitempty"`
}

// Sample people and organisations. Nobody of these names is meant; the
// corporate number is the specification's sample.
const (
	company        = "株式会社国税商事あ"
	companyNumber  = "2040001999902"
	companyAddress = "千葉県千葉市美浜区中瀬２丁目６番地１"
	bank           = "株式会社見本銀行"
	bankNumber     = "1180301018771"
)

var (
	signer   = poatest.Person{Name: "国税　太郎", Address: "千葉県千葉市美浜区打瀬１－２－３", BirthDate: "1970-05-01", Gender: "1"}
	deputy   = poatest.Person{Name: "委任　花子", Address: "東京都千代田区霞が関３－１－１", BirthDate: "1985-11-23", Gender: "2"}
	domainOf = "@example.jp"
)

// register files the application of a party by GraphQL, sets its password by
// the link in the mail and lets reception decide.
func (d *demo) register(ctx context.Context, mutation string, name, number, email string, extra map[string]any) (string, error) {
	representative := map[string]any{"title": "代表取締役", "name": strings.ReplaceAll(signer.Name, "　", " "), "address": signer.Address, "telephone": "03-0000-0000"}
	input := map[string]any{"idempotencyKey": "register-" + email, "kind": "CORPORATION", "corporateNumber": number, "name": name, "address": companyAddress,
		"representative": representative,
		"email":          email, "termsId": d.terms, "consent": true}
	for k, v := range extra {
		input[k] = v
	}
	member := map[string]string{"registerDelegator": "delegator", "registerRecipient": "recipient"}[mutation]
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!"
	query := fmt.Sprintf("mutation($input: %s) { %s(input: $input) { %s { id number } errors { code field message } } }", kind, mutation, member)
	var payload struct {
		Delegator, Recipient *struct{ ID, Number string }
	}
	if err := d.anyone.query(ctx, query, map[string]any{"input": input}, mutation, &payload); err != nil {
		return "", err
	}
	id := ""
	if payload.Delegator != nil {
		id = payload.Delegator.ID
	} else if payload.Recipient != nil {
		id = payload.Recipient.ID
	}
	return id, d.enter(ctx, email)
}

// enter sets a password by the one-time link in the mail.
func (d *demo) enter(ctx context.Context, email string) error {
	mail, err := d.mailbox.next(ctx, email, func(r received) bool { return r.link() != "" })
	if err != nil {
		return err
	}
	password := newPassword()
	if _, err := d.anyone.post(ctx, "/l/"+mail.link(), url.Values{"password": {password}, "repeat": {password}}); err != nil {
		return fmt.Errorf("setting password: %w", err)
	}
	d.logins[email] = login{Email: email, Password: password}
	return nil
}

// staffMember is appointed by the service owner through GraphQL.
func (d *demo) staffMember(ctx context.Context, owner *client, name, email string, role poa.Role) error {
	var payload struct {
		TOTPSecret string `json:"totpSecret"`
	}
	err := owner.query(ctx, `mutation($input: AppointStaffInput!) { appointStaff(input: $input) { totpSecret errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "appoint-" + email, "name": name, "email": email, "roles": []string{string(role)},
			"fitness": map[string]any{"items": poa.FitnessItems, "declared": true}}}, "appointStaff", &payload)
	if err != nil {
		return err
	}
	if err := d.enter(ctx, email); err != nil {
		return err
	}
	l := d.logins[email]
	l.TOTPSecret = payload.TOTPSecret
	d.logins[email] = l
	return nil
}

// filing is a delegation on its way through the public interfaces.
type filing struct {
	id     string
	signed []byte
}

// order is what of a filing differs from the others.
type order struct {
	name          string
	from, through poa.Date
	replaces      string
	// format is XML where it is empty; delegate, handedInBy and signedBy are the
	// demo's own people.
	format, delegate     string
	handedInBy, signedBy *poatest.Signer
}

func (d *demo) filled(o order) order {
	o.format, o.delegate = cmp.Or(o.format, string(poa.DefaultFormat)), cmp.Or(o.delegate, deputy.Name)
	if o.handedInBy == nil {
		o.handedInBy = d.deputy
	}
	if o.signedBy == nil {
		o.signedBy = d.signer
	}
	return o
}

// fileAs files a delegation; reception accepts what the machine does not.
func (d *demo) fileAs(ctx context.Context, o order) (filing, error) {
	made, state, err := d.submit(ctx, o)
	switch {
	case err != nil || state == poa.StateAccepted:
		return made, err
	case d.authority != nil:
		return made, fmt.Errorf("filing %s: every check passed, and it is %s", made.id, state)
	}
	return made, d.accept(ctx, o.name, made.id, "デモ: 証明書の失効状態は確認していません")
}

// submit drafts a delegation, lets the delegate hand in the certificate, signs
// and files. It returns the state that the filing then has.
func (d *demo) submit(ctx context.Context, o order) (filing, poa.State, error) {
	o = d.filled(o)
	id, draft, err := d.draft(ctx, o)
	if err != nil {
		return filing{}, "", err
	}
	if err := d.handIn(ctx, id, o.handedInBy); err != nil {
		return filing{}, "", err
	}
	signed, err := d.sign(o.signedBy, o.format, draft)
	if err != nil {
		return filing{}, "", err
	}
	var payload struct {
		Delegation struct {
			State poa.State `json:"state"`
		} `json:"delegation"`
	}
	err = d.delegator.query(ctx, `mutation($input: SubmitDelegationInput!) { submitDelegation(input: $input) { delegation { id state acknowledgement { number } } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "submit-" + o.name, "delegationId": id, "signedFile": signed}}, "submitDelegation", &payload)
	return filing{id: id, signed: signed}, payload.Delegation.State, err
}

// accept is reception's yes, with its ground.
func (d *demo) accept(ctx context.Context, name, id, ground string) error {
	return d.reception.query(ctx, `mutation($input: DecideFilingInput!) { decideFiling(input: $input) { delegation { id } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "decide-" + name, "delegationId": id, "accept": true, "ground": ground}}, "decideFiling", nil)
}

func (d *demo) draft(ctx context.Context, o order) (string, []byte, error) {
	input := map[string]any{"idempotencyKey": "draft-" + o.name, "delegate": map[string]any{"name": o.delegate, "title": "営業部長", "address": deputy.Address,
		"identification": "E-1024", "email": "delegate" + domainOf},
		"powers": []string{"見積、入札及び契約の締結に関する一切の件", "代金の請求及び受領に関する件"}, "limits": []string{"一件 1,000 万円を限度とする"},
		"validFrom": o.from.String(), "validThrough": o.through.String(), "format": o.format}
	mutation, kind := "draftDelegation", "DraftDelegationInput!"
	if o.replaces != "" {
		mutation, kind = "replaceDelegation", "ReplaceDelegationInput!"
		input["delegationId"] = o.replaces
	}
	var payload struct {
		Delegation struct {
			ID        string `json:"id"`
			DraftFile []byte `json:"draftFile"`
		} `json:"delegation"`
	}
	err := d.delegator.query(ctx, fmt.Sprintf("mutation($input: %s) { %s(input: $input) { delegation { id draftFile } errors { code field message } } }", kind, mutation),
		map[string]any{"input": input}, mutation, &payload)
	return payload.Delegation.ID, payload.Delegation.DraftFile, err
}

// handIn is the delegate's part: the link in the mail, a challenge, a signature.
func (d *demo) handIn(ctx context.Context, id string, by *poatest.Signer) error {
	mail, err := d.mailbox.next(ctx, "delegate"+domainOf, func(r received) bool { return strings.Contains(r.text, id) })
	if err != nil {
		return err
	}
	delegate := d.anyone.with(mail.link())
	var payload struct {
		Challenge struct {
			ID   string `json:"id"`
			Text []byte `json:"text"`
		} `json:"challenge"`
	}
	err = delegate.query(ctx, `mutation($input: RequestChallengeInput!) { requestChallenge(input: $input) { challenge { id text } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "challenge-" + id}}, "requestChallenge", &payload)
	if err != nil {
		return err
	}
	signed, err := by.SignAttached(payload.Challenge.Text)
	if err != nil {
		return fmt.Errorf("signing challenge: %w", err)
	}
	return delegate.query(ctx, `mutation($input: HandInCertificateInput!) { handInCertificate(input: $input) { delegation { id } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "hand-in-" + id, "challengeId": payload.Challenge.ID, "signedFile": signed}}, "handInCertificate", nil)
}
