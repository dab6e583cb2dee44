// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"ininjo/jobs"
)

// TLS says how a connection to the mail server is secured.
type TLS string

// Ways of TLS.
const (
	// StartTLS asks for TLS on a plain connection and sends nothing without.
	StartTLS TLS = "starttls"
	// ImplicitTLS begins with TLS (port 465).
	ImplicitTLS TLS = "implicit"
	// NoTLS is for a relay on the same machine.
	NoTLS TLS = "none"
)

// sendTimeout bounds handing one message over.
const sendTimeout = 30 * time.Second

// SMTPConfig says which mail server to use.
type SMTPConfig struct {
	Sender
	// Address is host:port.
	Address string
	// TLS is StartTLS where empty.
	TLS TLS
	// Roots are trusted; nil means the system's.
	Roots *x509.CertPool
	// User and PasswordFile sign in where User is set.
	User         string
	PasswordFile string
	// Hello is the name that this machine greets with; empty means the
	// machine's own.
	Hello string
}

// SMTP hands messages to a mail server, one connection each.
type SMTP struct {
	sender  Sender
	host    string
	options []gomail.Option
}

var _ jobs.Mailer = (*SMTP)(nil)

// NewSMTP checks the configuration and reads the password.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	host, portText, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("reading the mail server's address: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, errors.New("reading the mail server's address: the port is no number")
	}
	if _, err := c.compose(jobs.Message{ID: "mail", To: "someone@example.com"}); err != nil {
		return nil, err
	}
	s := &SMTP{sender: c.Sender, host: host, options: []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots})}}
	if c.Hello != "" {
		s.options = append(s.options, gomail.WithHELO(c.Hello))
	}
	if err := s.secure(c.TLS); err != nil {
		return nil, err
	}
	return s, s.signIn(c)
}

func (s *SMTP) secure(way TLS) error {
	switch way {
	case StartTLS, "":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case ImplicitTLS:
		s.options = append(s.options, gomail.WithSSL())
	case NoTLS:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return fmt.Errorf("reading the mail server's TLS: %q is none of starttls, implicit and none", way)
	}
	return nil
}

func (s *SMTP) signIn(c SMTPConfig) error {
	if c.User == "" {
		return nil
	}
	password, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return fmt.Errorf("reading the mail server's password: %w", err)
	}
	s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.User),
		gomail.WithPassword(string(bytes.TrimRight(password, "\r\n"))))
	return nil
}

// Send hands a message over. jobs.ErrMailRefused means that the server refused
// the recipient or the message for good (5xx).
func (s *SMTP) Send(ctx context.Context, m jobs.Message) error {
	msg, err := s.sender.compose(m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("making mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return reached(err)
	}
	err = client.SendWithSMTPClient(session, msg)
	// The server has the message or not: how the session ends changes nothing.
	_ = client.CloseWithSMTPClient(session)
	if err != nil && !msg.IsDelivered() {
		return refused(err)
	}
	return nil
}

// reached says what kept the mail server from being reached, in words of ours.
func reached(err error) error {
	var network *net.OpError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("reaching the mail server: it took too long")
	case errors.As(err, &verify):
		return errors.New("reaching the mail server: its certificate is not trusted")
	case errors.As(err, &network):
		return errors.New("reaching the mail server: the connection failed")
	default:
		return errors.New("reaching the mail server: greeting, TLS or sign-in failed")
	}
}

// refused tells a refusal for good from one for now. A refused sender is our
// own fault of configuration, which is put right, so it is one for now.
func refused(err error) error {
	var send *gomail.SendError
	if !errors.As(err, &send) {
		return errors.New("sending mail: the session failed")
	}
	code := send.ErrorCode()
	permanent := send.Reason == gomail.ErrSMTPRcptTo || send.Reason == gomail.ErrSMTPData || send.Reason == gomail.ErrSMTPDataClose
	if permanent && code >= 500 && code < 600 {
		return fmt.Errorf("sending mail: the server answered %d: %w", code, jobs.ErrMailRefused)
	}
	return fmt.Errorf("sending mail: the server answered %d", code)
}
