// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strings"

	"ininjo/poa"
)

// pageSize is how many rows a list shows.
const pageSize = 20

// page is what the layout and every view are given.
type page struct {
	Lang, OtherLang string
	// LangPath is this page in the other language.
	LangPath string
	View     string
	Service  string
	Demo     bool
	Actor    poa.Actor
	Nav      []navLink
	// Done is the key of what was just done, shown above the page.
	Done  string
	Data  any
	forms map[string]*Form
	// Theme is light, dark or system; UTC tells whether UTC instants are shown.
	Theme         string
	UTC           bool
	Themes, Times []choice
	// Troubled are webhook endpoints of the actor's party that fail.
	Troubled []poa.TroubledEndpoint
}

type navLink struct {
	Path, Key string
	Current   bool
}

func (p *portal) page(r *request, view string, data any, forms []*Form) *page {
	out := &page{Lang: r.lang, OtherLang: "en", View: view, Service: p.Policy.ServiceName, Demo: p.Demo, Actor: r.actor, Data: data, forms: map[string]*Form{}}
	if r.lang == "en" {
		out.OtherLang = "ja"
	}
	q := r.URL.Query()
	out.LangPath = preferring(q, "lang", out.OtherLang)
	out.Theme, out.Themes = r.theme, themePreference.choices(q, r.theme)
	out.UTC, out.Times = r.utc == "shown", utcPreference.choices(q, r.utc)
	out.Nav = navigation(r.actor, r.URL.Path)
	if done := "done." + r.URL.Query().Get("done"); p.views.knows(done) {
		out.Done = done
	}
	for _, f := range forms {
		out.forms[f.Scope] = f
	}
	return out
}

// knows reports whether a key is among the portal's texts: what stands in a
// query is shown only if it is.
func (v views) knows(key string) bool { return doneKeys[key] }

var doneKeys = map[string]bool{"done.password": true, "done.signed-out": true, "done.drafted": true, "done.filed": true, "done.accepted": true, "done.withdrawn": true,
	"done.revoked": true, "done.link": true, "done.token-revoked": true, "done.endpoint": true, "done.tested": true, "done.deleted": true,
	"done.watched": true, "done.unwatched": true, "done.confirmed": true, "done.application-accepted": true, "done.application-refused": true,
	"done.filing-accepted": true, "done.filing-refused": true, "done.handed-in": true, "done.resent": true, "done.resending": true, "done.caught-up": true, "done.own-saved": true, "done.address-added": true, "done.address-removed": true, "done.contract-ended": true, "done.title-looked": true, "done.body-corrected": true}

// Form returns the form of a scope: the one that was sent, or an empty one.
func (p *page) Form(scope string) *Form {
	if f, ok := p.forms[scope]; ok {
		return f
	}
	f := newForm(scope)
	p.forms[scope] = f
	return f
}

// Faulty returns the form that was refused, for the summary of its faults.
func (p *page) Faulty() *Form {
	for _, f := range p.forms {
		if len(f.Faults) > 0 {
			return f
		}
	}
	return nil
}

// SignedIn reports whether somebody is signed in.
func (p *page) SignedIn() bool { return p.Actor.Kind != "" && p.Actor.Kind != poa.ActorAnonymous }

// Enrolling reports whether somebody must add a second factor first.
func (p *page) Enrolling() bool { return p.Actor.Enrolling != "" }

// IsMember reports whether the actor acts for a party in the role or a higher one.
func (p *page) IsMember(role string) bool { return p.Actor.IsMember(poa.MemberRole(role)) }

// MayDevelop reports whether the actor may make tokens and endpoints of webhooks.
func (p *page) MayDevelop() bool {
	return p.Actor.Kind == poa.ActorStaff || p.Actor.IsMember(poa.MemberDeveloper)
}

// May reports whether the actor is staff with the permission.
func (p *page) May(permission string) bool { return p.Actor.May(poa.Permission(permission)) }

func navigation(actor poa.Actor, here string) []navLink {
	var links []navLink
	add := func(path, key string) {
		current := here == path || path != "/staff" && strings.HasPrefix(here, path+"/")
		links = append(links, navLink{path, key, current})
	}
	switch actor.Kind {
	case poa.ActorDelegator:
		add("/delegations", "nav.delegations")
		add("/endpoints", "nav.endpoints")
		add("/tokens", "nav.tokens")
		if actor.IsMember(poa.MemberAdministrator) {
			add("/addresses", "nav.addresses")
		}
	case poa.ActorRecipient:
		add("/recipient", "nav.recipient")
		add("/check", "nav.check")
		add("/inquiries", "nav.inquiries")
		add("/watches", "nav.watches")
		add("/endpoints", "nav.endpoints")
		add("/tokens", "nav.tokens")
		if actor.IsMember(poa.MemberAdministrator) {
			add("/addresses", "nav.addresses")
		}
	case poa.ActorStaff:
		staffNavigation(actor, add)
	case poa.ActorAnonymous, poa.ActorDelegate, poa.ActorSystem:
	}
	add("/repository", "nav.repository")
	return links
}

func staffNavigation(actor poa.Actor, add func(path, key string)) {
	add("/staff", "nav.desk")
	if actor.May(poa.MaySeeParties) {
		add("/staff/applications", "nav.applications")
		add("/staff/filings", "nav.filings")
		add("/staff/titles", "nav.titles")
	}
	if actor.May(poa.MaySeeContacts) {
		add("/staff/contacts", "nav.contacts")
	}
	if actor.May(poa.MayReadAudit) {
		add("/staff/audit", "nav.audit")
	}
	if actor.May(poa.MaySeeRetention) {
		add("/staff/retention", "nav.retention")
	}
	if actor.May(poa.MaySeeReviews) {
		add("/staff/reviews", "nav.reviews")
	}
	add("/staff/queues", "nav.queues")
	if actor.May(poa.MaySeeStaff) {
		add("/staff/people", "nav.people")
	}
	add("/staff/roles", "nav.roles")
}

// homeOf is where an actor goes after signing in.
func homeOf(actor poa.Actor) string {
	switch actor.Kind {
	case poa.ActorDelegator:
		return "/delegations"
	case poa.ActorRecipient:
		return "/recipient"
	case poa.ActorStaff:
		return "/staff"
	case poa.ActorAnonymous, poa.ActorDelegate, poa.ActorSystem:
	}
	return "/"
}
