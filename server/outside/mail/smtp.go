// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"cmp"
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
	// IdleTime is how long a connection waits for the next message; 20 s where it
	// is zero.
	IdleTime time.Duration
}

// SMTP hands messages to a mail server. A worker uses a connection again that
// another message went over; it is kept for a while and closed by Close.
type SMTP struct {
	sender   Sender
	host     string
	options  []gomail.Option
	client   *gomail.Client
	pool     pool
	idleTime time.Duration
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
	s := &SMTP{sender: c.Sender, host: host, idleTime: cmp.Or(c.IdleTime, idleTime), options: []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(sendTimeout), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots})}}
	if c.Hello != "" {
		s.options = append(s.options, gomail.WithHELO(c.Hello))
	}
	if err := s.secure(c.TLS); err != nil {
		return nil, err
	}
	if err := s.signIn(c); err != nil {
		return nil, err
	}
	if s.client, err = gomail.NewClient(s.host, s.options...); err != nil {
		return nil, errors.New("preparing the mail client: a setting is not taken")
	}
	return s, nil
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

// Send hands a message over. A [jobs.Refusal] means that the server refused the
// recipient or the message for good (5xx).
func (s *SMTP) Send(ctx context.Context, m jobs.Message) error {
	msg, err := s.sender.compose(m)
	if err != nil {
		return err
	}
	used, err := s.session(ctx)
	if err != nil {
		return err
	}
	used.sent++
	err = s.client.SendWithSMTPClient(used.Client, msg)
	s.release(used, err == nil || answered(err))
	if err != nil && !msg.IsDelivered() { // once the server has the message, how the session ends changes nothing
		return refused(err)
	}
	return nil
}

// answered reports whether an error is the server's answer, after which the
// connection is as good as before.
func answered(err error) bool {
	var send *gomail.SendError
	return errors.As(err, &send) && send.ErrorCode() >= 400 && send.ErrorCode() != 421 // 421: it closes the connection
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
		return &jobs.Refusal{Address: send.Reason == gomail.ErrSMTPRcptTo, Reply: code, Status: send.EnhancedStatusCode()}
	}
	return fmt.Errorf("sending mail: the server answered %d", code)
}
