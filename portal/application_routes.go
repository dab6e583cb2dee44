// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"strings"

	"ininjo/poa"
)

// applicationRoutes are the pages of registrations, their changes and questions.
func applicationRoutes() []route {
	return []route{
		{"POST /registered/{role}/{number}/resend", anyone, (*portal).resendProof},
		{"GET /l/{token}/address", anyone, (*portal).showProof},
		{"POST /l/{token}/address", anyone, (*portal).prove},
		{"GET /application/again", administrators, (*portal).showAgain},
		{"POST /application/again", administrators, (*portal).again},
		{"GET /application/withdraw", administrators, (*portal).showWithdrawApplication},
		{"POST /application/withdraw", administrators, (*portal).withdrawApplication},
		{"POST /application/answer", administrators, (*portal).answerApplication},
		{"GET /application/change", administrators, (*portal).showChangeForm},
		{"POST /application/change", administrators, (*portal).requestChange},
		{"GET /application/changes/{id}", parties, (*portal).showChange},
		{"POST /application/changes/{id}/answer", administrators, (*portal).answerChange},
		{"GET /application/changes/{id}/withdraw", administrators, (*portal).showWithdrawChange},
		{"POST /application/changes/{id}/withdraw", administrators, (*portal).withdrawChange},
		{"GET /application/questions", parties, (*portal).listQuestions},
		{"POST /application/questions", parties, (*portal).askService},
		{"POST /staff/applications/{id}/ask", seers, (*portal).askApplicant},
		{"POST /staff/applications/{id}/resend", seers, (*portal).resendProofFor},
		{"GET /staff/enter/{role}", seers, (*portal).showEnter},
		{"POST /staff/enter/{role}", seers, (*portal).enter},
		{"GET /staff/applications/{id}/change", seers, (*portal).showEnterChange},
		{"POST /staff/applications/{id}/change", seers, (*portal).enterChange},
		{"GET /staff/changes/{id}", seers, (*portal).reviewChange},
		{"POST /staff/changes/{id}/ask", seers, (*portal).askAboutChange},
		{"POST /staff/changes/{id}/accept", seers, (*portal).acceptChange},
		{"POST /staff/changes/{id}/refuse", seers, (*portal).refuseChange},
		{"GET /staff/questions/{id}", seers, (*portal).showQuestion},
		{"POST /staff/questions/{id}", seers, (*portal).answerQuestion},
	}
}

// What is done on these pages, for the line above the page that says so.
func init() {
	for _, key := range []string{"proof-sent", "proved", "applied-again", "application-withdrawn", "answered", "change-requested", "change-done", "change-withdrawn",
		"asked", "question-asked", "change-accepted", "change-refused", "entered", "change-entered"} {
		doneKeys["done."+key] = true
	}
}

// trimmed is a field's text.
func trimmed(values url.Values, name string) string { return strings.TrimSpace(values.Get(name)) }

// dayOf reads a day; one that does not exist becomes a fault of the field.
func dayOf(values url.Values, name string, faults *poa.Faults) poa.Date {
	text := trimmed(values, name)
	if text == "" {
		return poa.Date{}
	}
	d, err := poa.ParseDate(text)
	if err != nil {
		faults.Add(poa.CodeInvalid, name)
	}
	return d
}
