// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/hmac"
	"fmt"
	"regexp"
	"strings"
)

// bounceMAC is how many bytes of the keyed hash stand in a return path: a local
// part has room for 64 characters.
const bounceMAC = 10

// ReturnPath is where servers report that a message did not arrive: the policy's
// address with the message's ID and a keyed hash of it behind the local part
// (variable envelope return path), so that nobody can have an address suppressed
// to whom no message went. "" where the policy names no address.
func (n *Notifier) ReturnPath(mailID string) string {
	local, domain, found := strings.Cut(n.policy.BounceAddress, "@")
	if !found {
		return ""
	}
	return local + "+" + strings.TrimPrefix(mailID, PrefixMail) + "-" + n.bounceMAC(mailID) + "@" + domain
}

func (n *Notifier) bounceMAC(mailID string) string {
	return idEncoding.EncodeToString(n.store.BounceMAC(mailID)[:bounceMAC])
}

// messageOf returns the ID of the message that a return path belongs to. Servers
// on the way may have changed its case.
func (n *Notifier) messageOf(returnPath string) (string, error) {
	returnPath = strings.ToLower(strings.TrimSpace(returnPath))
	local, domain, _ := strings.Cut(strings.ToLower(n.policy.BounceAddress), "@")
	rest, ours := strings.CutPrefix(returnPath, local+"+")
	rest, same := strings.CutSuffix(rest, "@"+domain)
	id, mac, _ := strings.Cut(rest, "-")
	id = PrefixMail + id
	if local == "" || !ours || !same || !IsID(id, PrefixMail) || !hmac.Equal([]byte(mac), []byte(n.bounceMAC(id))) {
		return "", ErrNotFound
	}
	return id, nil
}

// Bounce is what a server reported of a message (RFC 3464).
type Bounce struct {
	// ReturnPath is the address that the report was sent to.
	ReturnPath string
	// Status is the enhanced status code of a message that was given up: 5.x.x for
	// good, 4.x.x for now (RFC 3463).
	Status string
}

// BounceOutcome says what a report led to.
type BounceOutcome string

// Outcomes of reports.
const (
	BounceSuppressed BounceOutcome = "SUPPRESSED" // the address gets no more mail
	BounceRecorded   BounceOutcome = "RECORDED"   // one of those that lead there
)

var bounceStatus = regexp.MustCompile(`^[45]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// Bounced records that a message did not arrive. One that was given up for good
// suppresses its address at once, one for now after others. ErrNotFound where
// the return path is none of ours or the message is not kept any more.
func (n *Notifier) Bounced(ctx context.Context, b Bounce) (BounceOutcome, error) {
	id, err := n.messageOf(b.ReturnPath)
	if err != nil {
		return "", err
	}
	if !bounceStatus.MatchString(b.Status) {
		return "", Faults{newFault(CodeInvalid, "status")}
	}
	m, err := n.store.Mail(ctx, id)
	if err != nil {
		return "", err
	}
	outcome := BounceRecorded
	_, err = n.perform(ctx, System, ActionMailFailed, "", nil, func(ctx context.Context, a *act) (string, error) {
		reason, err := a.bounced(ctx, m, b.Status)
		if err != nil {
			return "", err
		}
		a.note("failure", string(MailBounced))
		a.note("status", b.Status)
		if reason != "" {
			outcome = BounceSuppressed
			a.note("suppressed", string(reason))
			if err := a.suppress(ctx, m, reason, b.Status); err != nil {
				return "", err
			}
		}
		return m.ID, n.failMail(ctx, a, m, MailBounced, b.Status)
	})
	return outcome, err
}

// bounced stores the report and returns why the address is to be suppressed, ""
// where it is not.
func (a *act) bounced(ctx context.Context, m Mail, status string) (SuppressionReason, error) {
	if err := a.InsertBounce(ctx, m, status, a.now); err != nil {
		return "", fmt.Errorf("storing report: %w", err)
	}
	if strings.HasPrefix(status, "5.") {
		return SuppressedBounced, nil
	}
	count, err := a.TemporaryBounces(ctx, m.To, a.now.Add(-bounceWindow))
	if err != nil {
		return "", fmt.Errorf("counting reports: %w", err)
	}
	if count >= bouncesBefore {
		return SuppressedRepeatedly, nil
	}
	return "", nil
}
