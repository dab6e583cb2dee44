// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"
)

// StatusWait is a certificate whose source could not tell, and what comes next.
type StatusWait struct {
	// Delegate is set for the delegate's certificate, else it is the signer's.
	Delegate bool
	// Since is when the file was taken; AskedBy the latest instant of the next
	// question; Until the end of all asking, when the filing is refused.
	Since, AskedBy, Until time.Time
}

// StatusWaits lists the certificates of a delegation that wait for the word of
// their source.
func (r *Registrar) StatusWaits(d Delegation, checks []Check) []StatusWait {
	var waits []StatusWait
	for _, job := range []AskStatus{{DelegationID: d.ID, Delegate: true, Since: d.DelegateCertifiedAt}, {DelegationID: d.ID, Since: submittedAt(d)}} {
		if job.Since.IsZero() || !job.concerns(d) || !job.waits(checks) {
			continue
		}
		now := r.clock.Now()
		wait, until := r.statusWait(job.Since, now), job.Since.Add(r.policy.DraftTTL)
		waits = append(waits, StatusWait{Delegate: job.Delegate, Since: job.Since, AskedBy: earlier(now.Add(max(wait, 0)), until), Until: until})
	}
	return waits
}

func submittedAt(d Delegation) time.Time {
	if d.Acknowledgement == nil {
		return time.Time{}
	}
	return d.Acknowledgement.SubmittedAt
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// statusWait is how long the next question about a certificate waits at most: it
// grows with the time that was waited. 0 or less: it is not asked again.
func (r *Registrar) statusWait(since, now time.Time) time.Duration {
	waited := now.Sub(since)
	left := r.policy.DraftTTL - waited
	if left <= 0 {
		return 0
	}
	return max(min(waited/2, mostStatusWait, left), leastStatusWait)
}

// CertificateCheck returns what was last found of the status of the certificate
// that the delegate handed in, to whoever sees the delegation; false where
// nothing was.
func (r *Records) CertificateCheck(ctx context.Context, actor Actor, d Delegation) (Check, bool, error) {
	if err := signedIn(actor); err != nil {
		return Check{}, false, err
	}
	if !sees(actor, d) {
		return Check{}, false, ErrNotFound
	}
	checks, err := r.store.Checks(ctx, d.ID)
	if err != nil {
		return Check{}, false, fmt.Errorf("reading checks: %w", err)
	}
	for _, c := range newest(checks) {
		if c.Kind == CheckDelegateStatus {
			return c, true, nil
		}
	}
	return Check{}, false, nil
}

// RenewalOf is when a stamp of evidence is to be renewed.
func (r *Registrar) RenewalOf(s EvidenceStamp) time.Time { return r.renewAt(s) }
