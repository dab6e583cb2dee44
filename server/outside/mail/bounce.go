// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Bounds of a report. What is larger is no report of a server.
const (
	MaxReport     = 1 << 20
	maxParts      = 10
	maxRecipients = 20
	maxStatus     = 64 << 10
	maxAddresses  = 20
)

// Report is what a delivery status notification says (RFC 3464).
type Report struct {
	// To are the addresses that it was sent to, the envelope's first where the
	// server that received it wrote that down. One of them is a return path.
	To []string
	// Status is the enhanced status code of the message that was given up, 5.x.x
	// before 4.x.x; "" where none was: delayed, relayed or delivered.
	Status string
}

// ErrNoReport means that a message is no delivery status notification: an
// automatic answer, say.
var ErrNoReport = errors.New("the message is no delivery status notification")

// ParseReport reads a message as a mail server received it. It takes
// multipart/report with a message/delivery-status, and looks at nothing else: what
// people write is none of our business.
func ParseReport(raw []byte) (Report, error) {
	if len(raw) > MaxReport {
		return Report{}, ErrNoReport
	}
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, ErrNoReport
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["boundary"] == "" {
		return Report{}, ErrNoReport
	}
	if of := strings.ToLower(params["report-type"]); of != "" && of != "delivery-status" {
		return Report{}, ErrNoReport
	}
	report := Report{To: receivers(message.Header)}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return Report{}, ErrNoReport
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if kind != "message/delivery-status" && kind != "message/global-delivery-status" {
			continue
		}
		if report.Status, err = statusOf(io.LimitReader(part, maxStatus)); err != nil {
			return Report{}, err
		}
		return report, nil
	}
	return Report{}, ErrNoReport
}

// receivers are the addresses that a message was sent to, those that name the
// envelope first.
func receivers(h netmail.Header) []string {
	var to []string
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To"} {
		for _, line := range h[textproto.CanonicalMIMEHeaderKey(name)] {
			if len(to) == maxAddresses {
				return to
			}
			if address, err := netmail.ParseAddress(line); err == nil {
				to = append(to, address.Address)
			}
		}
	}
	return to
}

var statusCode = regexp.MustCompile(`^([245])\.([0-9]{1,3})\.([0-9]{1,3})$`)

// statusOf reads the fields of a message/delivery-status: a block about the
// message, then one for each recipient (RFC 3464, 2.1).
func statusOf(r io.Reader) (string, error) {
	fields := textproto.NewReader(bufio.NewReader(r))
	if _, err := fields.ReadMIMEHeader(); err != nil {
		return "", ErrNoReport
	}
	worst, recipients := "", 0
	for ; recipients < maxRecipients; recipients++ {
		block, err := fields.ReadMIMEHeader()
		if len(block) == 0 && recipients > 0 {
			return worst, nil
		}
		if block.Get("Action") == "" || err != nil && !errors.Is(err, io.EOF) {
			return "", ErrNoReport
		}
		worst = max(worst, failedWith(block)) // 5.x.x is greater than 4.x.x
		if err != nil {
			return worst, nil
		}
	}
	return worst, nil
}

// failedWith is the status code of a recipient that was given up, else "". A
// server that says "failed" and no code, or one of success, means for good.
func failedWith(block textproto.MIMEHeader) string {
	if !strings.EqualFold(strings.TrimSpace(block.Get("Action")), "failed") {
		return ""
	}
	code, _, _ := strings.Cut(strings.TrimSpace(block.Get("Status")), " ")
	if found := statusCode.FindString(code); found != "" && found[0] != '2' {
		return found
	}
	return "5.0.0"
}
