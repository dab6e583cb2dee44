// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"ininjo/poa"
)

// access tells for whom a page is. It is a courtesy, not the guard: poa
// decides again in every call.
type access int

const (
	anyone access = iota
	signedIn
	delegators
	recipients
	parties
	staff
	// askers may ask for validity: recipients, or anyone where registration is
	// not needed.
	askers
	// seers are staff whose roles see parties and what they filed, appointers and
	// proposers those who appoint and who propose dismissals.
	seers
	appointers
	proposers
	// evidenceReaders are staff who read evidence.
	evidenceReaders
	// principals are delegators' administrators, who alone act for a mandator.
	principals
	// developers and administrators are members of parties, tokenMakers who may
	// make API tokens: developers, and staff where the policy lets them.
	developers
	administrators
	tokenMakers
)

type route struct {
	pattern string
	who     access
	do      func(*portal, *request) error
}

// Routes lists the patterns of every page, as http.ServeMux reads them.
func Routes() []string {
	var patterns []string
	for _, each := range routes() {
		patterns = append(patterns, each.pattern)
	}
	return patterns
}

func routes() []route {
	all := publicRoutes()
	all = append(all, delegatorRoutes()...)
	all = append(all, accountRoutes()...)
	all = append(all, accessRoutes()...)
	all = append(all, recipientRoutes()...)
	all = append(all, endpointRoutes()...)
	all = append(all, applicationRoutes()...)
	all = append(all, staffRoutes()...)
	all = append(all, deskRoutes()...)
	all = append(all, announcementRoutes()...)
	all = append(all, titleRoutes()...)
	all = append(all, evidenceRoutes()...)
	return append(all, retentionRoutes()...)
}

func publicRoutes() []route {
	return []route{
		{"/", anyone, (*portal).notFound},
		{"GET /{$}", anyone, (*portal).home},
		{"GET /favicon.ico", anyone, (*portal).favicon},
		{"GET /repository", anyone, (*portal).showRepository},
		{"GET /repository/{id}", anyone, (*portal).showPublished},
		{"GET /register/{role}", anyone, (*portal).showRegistration},
		{"POST /register/{role}", anyone, (*portal).register},
		{"GET /registered/{role}/{number}", anyone, (*portal).showRegistered},
		{"GET /sign-in", anyone, (*portal).showSignIn},
		{"POST /sign-in", anyone, (*portal).signIn},
		{"POST /sign-out", anyone, (*portal).signOut},
		{"GET /l/{token}", anyone, (*portal).showLink},
		{"POST /l/{token}", anyone, (*portal).setPassword},
		{"POST /l/{token}/challenge", anyone, (*portal).drawChallenge},
		{"GET /l/{token}/challenge/{id}", anyone, (*portal).showChallenge},
		{"GET /l/{token}/challenge/{id}/file", anyone, (*portal).downloadChallenge},
		{"POST /l/{token}/challenge/{id}", anyone, (*portal).handIn},
		{"GET /l/{token}/decline", anyone, (*portal).showDecline},
		{"POST /l/{token}/decline", anyone, (*portal).decline},
		{"GET /l/{token}/renounce", anyone, (*portal).showRenounce},
		{"POST /l/{token}/renounce", anyone, (*portal).renounce},
		{"GET /answered/{what}", anyone, (*portal).showAnswered},
	}
}

func delegatorRoutes() []route {
	return []route{
		{"GET /application", parties, (*portal).showApplication},
		{"GET /delegations", delegators, (*portal).listDelegations},
		{"GET /delegations/new", principals, (*portal).showDraft},
		{"POST /delegations/new", principals, (*portal).draft},
		{"GET /delegations/{id}", delegators, (*portal).showDelegation},
		{"GET /delegations/{id}/draft", delegators, (*portal).downloadDraft},
		{"GET /delegations/{id}/signed", delegators, (*portal).downloadSigned},
		{"GET /delegations/{id}/file", delegators, (*portal).backToDelegation},
		{"POST /delegations/{id}/file", principals, (*portal).submit},
		{"GET /delegations/{id}/withdraw", principals, (*portal).showWithdraw},
		{"POST /delegations/{id}/withdraw", principals, (*portal).withdraw},
		{"GET /delegations/{id}/revoke", principals, (*portal).showRevoke},
		{"POST /delegations/{id}/revoke", principals, (*portal).revoke},
		{"GET /delegations/{id}/link", delegators, (*portal).backToDelegation},
		{"POST /delegations/{id}/link", principals, (*portal).resendLink},
	}
}

func accountRoutes() []route {
	return []route{
		{"GET /recipient", recipients, (*portal).showRecipient},
		{"GET /check", askers, (*portal).showCheck},
		{"POST /check", askers, (*portal).check},
		{"GET /check/list", recipients, (*portal).showCheckList},
		{"POST /check/list", recipients, (*portal).checkList},
		{"GET /check/receipt", askers, (*portal).showCheck},
		{"POST /check/receipt", askers, (*portal).downloadReceipt},
		{"GET /watches", recipients, (*portal).listWatches},
		{"POST /watches", recipients, (*portal).watch},
		{"GET /watches/end", recipients, (*portal).listWatches},
		{"POST /watches/end", recipients, (*portal).unwatch},
		{"GET /tokens", signedIn, (*portal).listTokens},
		{"POST /tokens", tokenMakers, (*portal).createToken},
		{"GET /tokens/{id}/revoke", tokenMakers, (*portal).showRevokeToken},
		{"POST /tokens/{id}/revoke", tokenMakers, (*portal).revokeToken},
		{"GET /endpoints", parties, (*portal).listEndpoints},
		{"POST /endpoints", developers, (*portal).createEndpoint},
		{"GET /endpoints/{id}", parties, (*portal).showEndpoint},
		{"POST /endpoints/{id}", developers, (*portal).updateEndpoint},
		{"POST /endpoints/{id}/test", developers, (*portal).testEndpoint},
		{"POST /endpoints/{id}/rotate", developers, (*portal).rotateSecret},
		{"GET /endpoints/{id}/delete", developers, (*portal).showDeleteEndpoint},
		{"POST /endpoints/{id}/delete", developers, (*portal).deleteEndpoint},
	}
}

func staffRoutes() []route {
	return []route{
		{"GET /staff", staff, (*portal).showDesk},
		{"GET /staff/applications", seers, (*portal).listApplications},
		{"GET /staff/applications/{id}", seers, (*portal).showApplicant},
		{"POST /staff/applications/{id}/confirm", seers, (*portal).confirm},
		{"POST /staff/applications/{id}/accept", seers, (*portal).acceptApplication},
		{"POST /staff/applications/{id}/refuse", seers, (*portal).refuseApplication},
		{"GET /staff/filings", seers, (*portal).listFilings},
		{"GET /staff/filings/{id}", seers, (*portal).showFiling},
		{"GET /staff/filings/{id}/signed", seers, (*portal).downloadSigned},
		{"POST /staff/filings/{id}/accept", seers, (*portal).acceptFiling},
		{"POST /staff/filings/{id}/refuse", seers, (*portal).refuseFiling},
		{"GET /staff/audit", staff, (*portal).listAudit},
		{"GET /staff/queues", staff, (*portal).listQueues},
		{"GET /staff/people", staff, (*portal).showPeople},
		{"POST /staff/people", appointers, (*portal).appoint},
	}
}

// waysBack lead from the address of a form to the page it stands on: a refused
// form is shown under its own address, where a visitor may choose another
// language or reload.
func waysBack(all []route) []route {
	shown, back := map[string]bool{}, []route{}
	for _, each := range all {
		if place, isGet := strings.CutPrefix(each.pattern, "GET "); isGet {
			shown[place] = true
		}
	}
	for _, each := range all {
		place, isPost := strings.CutPrefix(each.pattern, "POST ")
		if isPost && !shown[place] {
			back = append(back, route{"GET " + place, anyone, func(_ *portal, r *request) error { return r.redirect(parentOf(r.URL.EscapedPath(), place, shown)) }})
		}
	}
	return back
}

// parentOf shortens a path until it is that of a page.
func parentOf(path, place string, shown map[string]bool) string {
	for place != "" {
		place, path = place[:strings.LastIndex(place, "/")], path[:strings.LastIndex(path, "/")]
		if shown[place] {
			return path
		}
	}
	return "/"
}

// throttled are the acts that need no account.
var throttled = []string{"POST /sign-in", "POST /register/", "POST /registered/", "POST /l/", "POST /join/", "POST /forgot-password", "POST /erased/"}

// tooEarly refuses an act that needs no account where its client comes too
// often. Retry-After says when to come again, on the page as well.
func (p *portal) tooEarly(r *request, pattern string) error {
	listed := slices.ContainsFunc(throttled, func(act string) bool { return strings.HasPrefix(pattern, act) })
	if p.Wait == nil || !listed && !p.asksAnonymously(r, pattern) {
		return nil
	}
	wait := p.Wait(r.Request)
	if wait <= 0 {
		return nil
	}
	r.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return &poa.Error{Code: poa.CodeRateLimited}
}

// admit wants the kind of actor that the page is for.
func admit(who access, actor poa.Actor) error {
	kind := actor.Kind
	nobody := kind == "" || kind == poa.ActorAnonymous
	allowed := map[access]bool{
		anyone:     true,
		signedIn:   !nobody,
		delegators: kind == poa.ActorDelegator,
		recipients: kind == poa.ActorRecipient,
		parties:    kind == poa.ActorDelegator || kind == poa.ActorRecipient,
		staff:      kind == poa.ActorStaff,
		askers:     kind == poa.ActorRecipient,
		seers:      actor.May(poa.MaySeeParties),
		appointers: actor.May(poa.MayAppoint),
		proposers:  actor.May(poa.MayProposeDismissal),

		evidenceReaders: actor.May(poa.MayReadEvidence),

		principals:     kind == poa.ActorDelegator && actor.IsMember(poa.MemberAdministrator),
		developers:     actor.IsMember(poa.MemberDeveloper),
		administrators: actor.IsMember(poa.MemberAdministrator),
		tokenMakers:    kind == poa.ActorStaff || actor.IsMember(poa.MemberDeveloper),
	}[who]
	switch {
	case allowed:
		return nil
	case nobody:
		return poa.ErrUnauthenticated
	default:
		return poa.ErrForbidden
	}
}
