// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"

	"ininjo/poa"
	"ininjo/poa/jpki"
)

// Routed asks a Source about certificates of the roots that it has places for, and a platform about all others, and
// about those that it named before.
type Routed struct {
	Source   *Source
	Platform *Platform
}

var _ poa.StatusSource = Routed{}

// Status asks whoever is set for the question's root. Implements poa.StatusSource.
func (r Routed) Status(ctx context.Context, q poa.StatusQuestion) (jpki.StatusAnswer, error) {
	if q.CertificateID == "" && len(r.Source.config.Places[q.RootSHA256]) > 0 {
		return r.Source.Status(ctx, q)
	}
	return r.Platform.Status(ctx, q)
}
