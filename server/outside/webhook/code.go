// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"ininjo/jobs"
)

// code names what went wrong without quoting it.
func code(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrNotAllowed):
		return jobs.PostNotAllowed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return jobs.PostTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return jobs.PostTimeout
	case errors.As(err, &dns):
		return jobs.PostDNS
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify), alerted(err):
		return jobs.PostTLS
	case tooLarge(err):
		return jobs.PostTooLarge
	default:
		return jobs.PostRefused
	}
}

// alerted knows the alerts of crypto/tls, e.g. that a client certificate is
// wanted: their type is not exported, the operation's name is.
func alerted(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// tooLarge knows net/http's errors about headers by their texts: they have no
// type.
func tooLarge(err error) bool {
	text := err.Error()
	return strings.Contains(text, "response headers exceeded") || strings.Contains(text, "response header list larger")
}
