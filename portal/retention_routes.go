// SPDX-License-Identifier: Apache-2.0

package portal

// retentionRoutes are the pages about periods, holds and erasure (2.8, 6.2.9).
func retentionRoutes() []route {
	return []route{
		{"GET /staff/retention", staff, (*portal).showRetention},
		{"POST /staff/retention", staff, (*portal).prepareErasure},
		{"GET /staff/retention/holds", staff, (*portal).listHolds},
		{"POST /staff/retention/holds", staff, (*portal).setHold},
		{"GET /staff/retention/holds/{id}/lift", staff, (*portal).showLift},
		{"POST /staff/retention/holds/{id}/lift", staff, (*portal).liftHold},
		{"GET /staff/retention/request", staff, (*portal).showErasureRequest},
		{"POST /staff/retention/request", staff, (*portal).eraseOnRequest},
		{"GET /staff/retention/{run}", staff, (*portal).showRun},
		{"GET /staff/retention/{run}/report.csv", staff, (*portal).downloadRun},
		{"GET /staff/retention/{run}/release", staff, (*portal).showRelease},
		{"POST /staff/retention/{run}/release", staff, (*portal).releaseRun},
	}
}

func init() {
	for _, what := range []string{"hold-set", "hold-lifted", "run-prepared", "run-released", "erasure-asked"} {
		doneKeys["done."+what] = true
	}
}
