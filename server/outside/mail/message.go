// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"ininjo/jobs"
	"ininjo/poa"
)

// Sender is who mail comes from, with the machine's clock for its date.
type Sender struct {
	// From is an address, or a name and an address: `Ininjo <no-reply@…>`.
	From string
	// Clock is the machine's: a date that lies in a service's past looks forged.
	Clock poa.Clock
	// DKIM signs messages; nil for none.
	DKIM *DKIM
}

// compose builds the message: text and HTML, base64 so that no server on the
// way breaks Japanese, without a user agent. Its Message-ID is made of the
// mail's ID, so that sending it again makes no second message.
func (s Sender) compose(m jobs.Message) (*gomail.Msg, error) {
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, errors.New("composing mail: the sender's address is malformed")
	}
	if s.DKIM != nil && !s.DKIM.covers(domain(from.Address)) {
		return nil, errors.New("composing mail: the DKIM domain is not that of the sender")
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("composing mail: the recipient's address is malformed: %w", jobs.ErrMailRefused)
	}
	msg := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingB64), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&netmail.Address{Address: to.Address})
	if m.ReturnPath != "" { // where a server on the way reports that it could not deliver
		if err := msg.EnvelopeFrom(m.ReturnPath); err != nil {
			return nil, errors.New("composing mail: the return path is malformed")
		}
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetMessageIDWithValue(m.ID + "@" + domain(from.Address))
	msg.SetDateWithValue(s.Clock.Now())
	// Machines must not answer (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderContentLang, m.Language)
	if m.Unsubscribe != "" { // RFC 2369 and RFC 8058: one click, by POST
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+oneLine(m.Unsubscribe)+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if s.DKIM != nil {
		msg.SetBoundary("=_" + poa.NewID("b_")) // = stands in no line of base 64 but at its end
		return msg, s.DKIM.sign(msg)
	}
	return msg, nil
}

// oneLine keeps a subject from becoming a header of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func domain(address string) string {
	_, after, _ := strings.Cut(address, "@")
	return after
}
