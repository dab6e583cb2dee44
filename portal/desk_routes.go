// SPDX-License-Identifier: Apache-2.0

package portal

// deskRoutes are the pages of the desk of the provider's people.
func deskRoutes() []route {
	return []route{
		{"GET /staff/cases/{id}", staff, (*portal).showCase},
		{"POST /staff/cases/{id}/claim", staff, (*portal).claimCase},
		{"POST /staff/cases/{id}/release", staff, (*portal).releaseCase},
		{"POST /staff/cases/{id}/take-over", staff, (*portal).takeOverCase},
		{"POST /staff/cases/{id}/note", staff, (*portal).noteCase},
		{"POST /staff/cases/{id}/answer", staff, (*portal).answerCase},
		{"GET /staff/contacts", staff, (*portal).listContacts},
		{"GET /staff/contacts.csv", staff, (*portal).exportContacts},
		{"GET /staff/contacts/new", staff, (*portal).showContact},
		{"POST /staff/contacts/new", staff, (*portal).logContact},
		{"GET /staff/roles", staff, (*portal).showRoles},
		{"GET /staff/people/{id}", staff, (*portal).showPerson},
		{"POST /staff/people/{id}/appoint", staff, (*portal).appointFurther},
		{"GET /staff/people/{id}/hand-over", appointers, (*portal).showHandOver},
		{"POST /staff/people/{id}/hand-over", appointers, (*portal).handOver},
		{"GET /staff/appointments/{id}/dismiss", appointers, (*portal).showDismiss},
		{"POST /staff/appointments/{id}/dismiss", appointers, (*portal).dismiss},
		{"GET /staff/appointments/{id}/propose", proposers, (*portal).showPropose},
		{"POST /staff/appointments/{id}/propose", proposers, (*portal).propose},
		{"GET /staff/audit.csv", staff, (*portal).exportAudit},
		{"GET /staff/audit/{id}", staff, (*portal).showAuditEvent},
		{"GET /staff/reviews", staff, (*portal).listReviews},
		{"POST /staff/reviews", staff, (*portal).review},
		{"POST /staff/findings/{id}/answer", staff, (*portal).answerFinding},
		{"POST /staff/findings/{id}/confirm", staff, (*portal).confirmFinding},
	}
}

// deskDone are the words on what was just done at the desk.
var _ = done("case-claimed", "case-released", "case-taken-over", "case-noted", "case-answered", "contact-logged", "question-opened",
	"appointed", "dismissed", "proposed", "handed-over", "reviewed", "finding-answered", "finding-confirmed")

// done makes words known that a redirect may ask the next page to show.
func done(names ...string) bool {
	for _, name := range names {
		doneKeys["done."+name] = true
	}
	return true
}
