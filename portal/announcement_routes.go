// SPDX-License-Identifier: Apache-2.0

package portal

// announcementRoutes are the pages about announcements, notices by post and mail
// that did not arrive.
func announcementRoutes() []route {
	return []route{
		{"GET /staff/letters", staff, (*portal).listLetters},
		{"POST /staff/letters", staff, (*portal).workLetters},
		{"GET /staff/mail", staff, (*portal).listSuppressions},
		{"GET /staff/announcements", staff, (*portal).listAnnouncements},
		{"GET /staff/announcements/new", staff, (*portal).showNewAnnouncement},
		{"POST /staff/announcements/new", staff, (*portal).prepareAnnouncement},
		{"GET /staff/announcements/{id}", staff, (*portal).showAnnouncement},
		{"GET /staff/announcements/{id}/letter.pdf", staff, (*portal).sampleLetter},
		{"POST /staff/announcements/{id}/withdraw", staff, (*portal).withdrawAnnouncement},
		{"GET /staff/announcements/{id}/release", staff, (*portal).showReleaseAnnouncement},
		{"POST /staff/announcements/{id}/release", staff, (*portal).releaseAnnouncement},
		{"POST /staff/announcements/{id}/stop", staff, (*portal).stopAnnouncement},
		{"POST /staff/announcements/{id}/resume", staff, (*portal).resumeAnnouncement},
	}
}

var _ = done("letters-posted", "announcement-prepared", "announcement-withdrawn", "announcement-released", "announcement-stopped", "announcement-resumed")
