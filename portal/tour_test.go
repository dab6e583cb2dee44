// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

// tour is a world with something to see on every page, and somebody of every
// kind to see it. What areas add stands in their own files (tourOf).
type tour struct {
	*world
	// people are the visitors by the words that the tables use: "anonymous",
	// "delegator", "other delegator", "recipient", "other recipient", and the
	// roles of staff in lower case, such as "service_owner".
	people map[string]*visitor
	// at are addresses of what there is, by a name: "delegation".
	at map[string]string
}

const (
	otherDelegatorEmail = "other-delegator@example.jp"
	otherRecipientEmail = "other-recipient@example.jp"
	applicantEmail      = "applicant@example.jp"
)

// tourOf are what areas add to a tour, in order of their files' names.
var tourOf []func(*tour)

// onTour registers what an area wants to be there: `var _ = onTour(func(w *tour) { … })`.
func onTour(add func(*tour)) bool {
	tourOf = append(tourOf, add)
	return true
}

func newTour(t *testing.T) *tour {
	t.Helper()
	w := &tour{world: newWorld(t), people: map[string]*visitor{}, at: map[string]string{}}
	w.people["anonymous"] = w.visitor()
	for _, role := range poa.Roles {
		v := w.visitor()
		v.signIn(strings.ToLower(string(role)) + "@ininjo.example")
		w.people[strings.ToLower(string(role))] = v
	}
	for name, email := range map[string]string{"delegator": delegatorEmail, "recipient": recipientEmail, "other delegator": otherDelegatorEmail, "other recipient": otherRecipientEmail} {
		w.people[name] = w.enrolled(strings.TrimPrefix(name, "other "), email)
	}
	w.apply()
	w.fileAll()
	w.automate()
	for _, add := range tourOf {
		add(w)
	}
	return w
}

// apply leaves two applications that nobody decided on.
func (w *tour) apply() {
	for _, role := range []string{"delegator", "recipient"} {
		email := role[:1] + applicantEmail
		form := application(email)
		form.Set("name", "株式会社とても長い名称を持つ見本商事ホールディングス東日本営業統括本部")
		page := w.applyInSteps(w.people["anonymous"], w.people["anonymous"].open("/register/"+role, 200), role, form)
		w.at["registered"] = page.path
		w.at["applicant "+role] = applicationLink.FindString(w.people["reception"].open("/staff/applications?role="+role, 200).body)
		w.at["password link"] = w.link(email, poa.MailApplicationReceived)
	}
}

// fileAll has a delegation in each of its beginnings.
func (w *tour) fileAll() {
	delegator, reception := w.people["delegator"], w.people["reception"]
	accepted := w.draft2(delegator, "")
	w.handIn()
	w.file(delegator, reception, accepted)
	w.at["accepted"], w.at["renounce link"] = accepted, w.link(delegateEmail, poa.MailRenounceLink)

	w.at["submitted"] = w.draft2(delegator, "")
	w.handIn()
	w.submitSigned(delegator, w.at["submitted"])

	w.at["certified"] = w.draft2(delegator, "")
	w.handIn()

	w.at["waiting"] = w.draft2(delegator, "")
	link := w.link(delegateEmail, poa.MailDelegateLink)
	anyone := w.people["anonymous"]
	w.at["answer link"], w.at["challenge"] = link, anyone.submit(anyone.open(link, 200), link+"/challenge", nil, 200).path
	w.draftLong(delegator)
}

var delegationPath = regexp.MustCompile(`/delegations/[0-9A-Z-]{29}`)

func (w *world) submitSigned(delegator *visitor, id string) {
	path := "/delegations/" + id
	draft := delegator.open(path+"/draft", 200)
	signed, err := w.signers["signer"].SignDrafted([]byte(draft.body))
	must(w.tb, err)
	delegator.upload(delegator.open(path, 200), path+"/file", signed, 200)
}

// draftLong drafts with names and texts that strain a narrow page.
func (w *tour) draftLong(delegator *visitor) {
	page := delegator.open("/delegations/new", 200)
	delegator.submit(page, "/delegations/new", url.Values{
		"delegate.name": {"Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"}, "delegate.title": {"東日本営業統括本部長兼事業開発推進室長代理"}, "delegate.address": {deputy.Address},
		"delegate.identification": {"IDENTIFICATION-OF-A-PERSON-0123456789-0123456789"}, "delegate.email": {"an-address-that-is-rather-long@a-domain-that-is-rather-long.example.jp"},
		"powers": {strings.Repeat("見積、入札及び契約の締結並びに変更に関する一切の件", 6) + "\n" + strings.Repeat("Nonbreakable", 12)}, "validThrough": {"2027-05-31"}}, 200)
}

// automate has tokens, an endpoint with a delivery, a watched delegation.
func (w *tour) automate() {
	recipient := w.people["recipient"]
	tokens := recipient.open("/tokens", 200)
	recipient.submit(tokens, "/tokens", url.Values{"name": {"基幹システム"}}, 200)
	w.at["token"] = strings.TrimSuffix(revokePath.FindString(recipient.open("/tokens", 200).body), "/revoke")
	made := recipient.submit(recipient.open("/endpoints", 200), "/endpoints", url.Values{"url": {"https://hook.example/a-path/that-is-rather-long/and-goes-on/0123456789abcdef0123456789abcdef"}}, 200)
	w.at["endpoint"] = endpointPath.FindString(made.body)
	recipient.submit(recipient.open(w.at["endpoint"], 200), w.at["endpoint"]+"/test", nil, 200)
	check := recipient.submit(recipient.open("/check?id="+w.at["accepted"], 200), "/check", nil, 200)
	recipient.submit(check, "/watches", nil, 200)
}

var publishedPath = regexp.MustCompile(`/repository/trm_[0-9a-z]+`)
