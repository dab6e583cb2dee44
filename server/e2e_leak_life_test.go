// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"ininjo/poa"
)

// hostile is what an attacker types into fields.
var hostile = []string{`' OR 1=1; DROP TABLE delegations; --`, `"}) { __schema { types { name } } } #`, "\x00", `<script>alert(1)</script>`, strings.Repeat("あ", 1_100), `{{.}}`, `%s%n`}

// live lets every party do what it may, and try what it may not.
func (o *office) live() {
	o.t.Helper()
	mine, others := o.files(o.demo, "told"), o.files(o.other, "others")
	o.filings["told"], o.filings["others"] = mine, others
	o.watch("recipient", mine.id)
	o.watch("second recipient", others.id)
	o.filings["refused"] = o.filesWrongly("refused")
	for role, id := range map[string]string{"recipient": mine.id, "second recipient": others.id} {
		ask(o.t, o.parties[role], map[string]any{"id": id, "nonce": "n"})
	}
	o.revokes(o.delegator, mine.id)
	o.partners["recipient"].next(o.t, poa.NoticeRevoked)
	o.declines("declined")
	for role, c := range o.parties {
		o.digs(role, c)
	}
	o.digs("anonymous", o.anyone)
	o.idle()
}

// filesWrongly drafts and files with another's signature, and then an altered
// file: both are refused with every reason.
func (o *office) filesWrongly(name string) filing {
	o.t.Helper()
	ctx, today := o.t.Context(), poa.DateOf(o.clock.Now())
	id, draft, err := o.draft(ctx, o.filled(order{name: name, from: today, through: today.AddDays(30)}))
	o.must(err)
	o.must(o.handIn(ctx, id, o.deputy))
	for i, text := range [][]byte{draft, []byte(strings.Replace(string(draft), "1,000", "9,000", 1))} {
		signed, err := o.other.signer.SignAttached(text)
		o.must(err)
		got := graphQL(o.t, o.delegator, `mutation($input: SubmitDelegationInput!) { submitDelegation(input: $input) { errors { code field message } } }`,
			map[string]any{"input": map[string]any{"idempotencyKey": fmt.Sprint(name, i), "delegationId": id, "signedFile": signed}})
		if !strings.Contains(got.text, `"code"`) {
			o.t.Errorf("a wrong filing was answered %s", got.text)
		}
	}
	return filing{id: id}
}

// declines drafts a delegation whose delegate says no.
func (o *office) declines(name string) {
	o.t.Helper()
	ctx, today := o.t.Context(), poa.DateOf(o.clock.Now())
	id, _, err := o.draft(ctx, o.filled(order{name: name, from: today, through: today.AddDays(30)}))
	o.must(err)
	mail, err := o.mailbox.next(ctx, "delegate"+domainOf, func(r received) bool { return strings.Contains(r.text, id) })
	o.must(err)
	for _, path := range []string{"", "/decline", "/renounce", "/challenge/nothing"} {
		get(o.t, o.anyone, "/l/"+mail.link()+path, nil)
	}
	o.must(o.anyone.with(mail.link()).query(ctx, `mutation($input: DeclineDelegationInput!) { declineDelegation(input: $input) { errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "decline"}}, "declineDelegation", nil))
}

// everything are the questions that show most.
var everything = []string{
	`query($id: ID!) { delegation(id: $id) { id state status reason delegator { id name email } mandator { name address representativeName birthDate } delegate { name address email identification }
		powers limits draftFile signedFile delegateCertificate { name address birthDate } history { kind } refusals { code note message } checks { kind note reason } } }`,
	`query($id: ID!) { node(id: $id) { __typename id ... on Delegator { name email representative { name address } } ... on Recipient { name email filer representative { name address } } ... on Delegation { mandator { name } delegate { name email } } } }`,
	`query($id: ID!) { delegator(id: $id) { name address email representative { name address telephone birthDate } confirmation { says { representativeName } } } }`,
	`query($id: ID!) { recipient(id: $id) { name address email filer representative { name address telephone } } }`,
	`query($id: ID!) { validity(delegationId: $id, documentSha256: $id) { status receipt } }`,
	`query($id: ID!) { validity(delegationId: $id, nonce: $id) { status reason receipt } }`,
	`query($id: String) { delegations(first: 50, filter: {search: $id}) { nodes { id mandator { name representativeName } delegate { name address email } signedFile } } }`,
	`query($id: ID!) { auditEvents(first: 100, filter: {subjectId: $id}) { nodes { action actorId data { name value } } } }`,
	`query($id: [ID!]!) { validities(delegationIds: $id) { status receipt } }`,
}

// lists are questions without an argument.
var lists = []string{
	`{ delegations(first: 100) { totalCount nodes { id mandator { name representativeName } delegate { name email } signedFile draftFile } } }`,
	`{ delegators(first: 100) { nodes { name email representative { name address } } } }`,
	`{ recipients(first: 100) { nodes { name email filer representative { name address } } } }`,
	`{ auditEvents(first: 100) { nodes { id actorId partyId action subjectId outcome data { name value } leafHash } } }`,
	`{ viewer { kind roles delegator { name email } recipient { name email } tokens { id name } endpoints { id url deliveries(first: 50) { type lastError } } watches { delegationId } } }`,
}

// digs asks for everything, as whoever it is, and sends what is hostile.
func (o *office) digs(role string, c *client) {
	o.t.Helper()
	way := o.way(role)
	way.token = c.token
	ids := o.ids()
	for _, text := range lists {
		o.sane(graphQL(o.t, way, text, nil))
	}
	for _, text := range everything {
		for _, id := range append(ids, hostile...) {
			o.sane(graphQL(o.t, way, text, map[string]any{"id": id}))
		}
	}
	for path := range crawl(o.t, c, beginnings()...) {
		if strings.Contains(path, "'") {
			o.t.Errorf("%s reached %q", role, path)
		}
	}
	for _, id := range ids {
		for _, at := range []string{"/delegations/%s", "/delegations/%s/signed", "/delegations/%s/draft", "/delegations/%s/revoke", "/staff/filings/%s", "/staff/applications/%s", "/endpoints/%s"} {
			get(o.t, noRedirect(c), fmt.Sprintf(at, id), nil)
		}
	}
	if role == "anonymous" { // signing in costs a password's hashing each time
		for _, text := range hostile {
			submit(o.t, noRedirect(c), "/sign-in", url.Values{"email": {text}, "password": {text}, "code": {text}, "next": {text}})
		}
	}
	for _, text := range hostile {
		o.types(c, text)
	}
}

// sane wants no fault of ours.
func (o *office) sane(r reply) {
	o.t.Helper()
	if r.status >= http.StatusInternalServerError || r.code() == string(poa.CodeInternal) {
		o.t.Errorf("answered %d %.300s\n%s", r.status, r.text, o.log.tail())
	}
}

// types sends a hostile text in every field of the portal's forms.
func (o *office) types(c *client, text string) {
	o.t.Helper()
	form := url.Values{}
	for _, field := range []string{"delegationId", "documentSha256", "email", "password", "code", "name", "address", "kind", "corporateNumber", "representative.name", "representative.address",
		"filer", "termsId", "scope", "expiresInDays", "url", "description", "delegate.name", "delegate.email", "powers", "validFrom", "validThrough", "idempotencyKey", "ground", "next"} {
		form.Set(field, text)
	}
	for _, path := range []string{"/register/delegator", "/register/recipient", "/check", "/watches", "/tokens", "/endpoints", "/delegations/new", "/staff/people", "/l/" + url.PathEscape(text[:min(20, len(text))])} {
		got := submit(o.t, noRedirect(c), path, form)
		if got.status >= http.StatusInternalServerError {
			o.t.Errorf("%s answered %d", path, got.status)
		}
	}
	get(o.t, noRedirect(c), "/delegations?search="+url.QueryEscape(text[:min(300, len(text))])+"&after="+url.QueryEscape(text[:min(100, len(text))]), nil)
}

// ids are of everything that the parties own.
func (o *office) ids() []string {
	o.t.Helper()
	var ids []string
	rows, err := o.service.db.Pool().Query(context.WithoutCancel(o.t.Context()), `SELECT id FROM parties UNION ALL SELECT id FROM delegations UNION ALL SELECT id FROM endpoints UNION ALL SELECT id FROM accounts`)
	o.must(err)
	defer rows.Close()
	for rows.Next() {
		var id string
		o.must(rows.Scan(&id))
		ids = append(ids, id)
	}
	o.must(rows.Err())
	return ids
}
