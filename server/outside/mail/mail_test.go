// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"ininjo/jobs"
	"ininjo/poa/poatest"
	"ininjo/server/outside/mail"
)

var now = time.Date(2026, 11, 23, 3, 4, 5, 0, time.UTC)

func message() jobs.Message {
	return jobs.Message{ID: "mai_1", To: "hanako@example.com", Language: "ja", Subject: "【Ininjo】お申込みを受け付けました", Text: "例社 御中\n\n受け付けました。\n",
		HTML: "<p>例社 御中</p>", CreatedAt: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
}

func sender() mail.Sender {
	return mail.Sender{From: "Ininjo <no-reply@ininjo.example>", Clock: poatest.NewClock(now)}
}

// server is a mail server in this process. It refuses with the errors that it
// was given, one after the other, and then takes every message.
type server struct {
	mu       sync.Mutex
	refusals map[string][]error
	received [][]byte
	to       []string
	signedIn string
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }

func (s *server) refusal(of string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refusals[of]) == 0 {
		return nil
	}
	err := s.refusals[of][0]
	s.refusals[of] = s.refusals[of][1:]
	return err
}

type session struct{ *server }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.signedIn = user + ":" + password
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error { return s.refusal("MAIL") }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	s.to = append(s.to, to)
	s.mu.Unlock()
	return s.refusal("RCPT")
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.refusal("DATA"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, content)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func listen(t *testing.T, s *server, config *tls.Config) string {
	t.Helper()
	server := smtp.NewServer(s)
	server.TLSConfig, server.Domain, server.ErrorLog = config, "localhost", quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func plain(t *testing.T, address string) *mail.SMTP {
	t.Helper()
	m, err := mail.NewSMTP(mail.SMTPConfig{Sender: sender(), Address: address, TLS: mail.NoTLS, Hello: "ininjo.example"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	s := &server{}
	if err := plain(t, listen(t, s, nil)).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if len(s.received) != 1 || len(s.to) != 1 || s.to[0] != "hanako@example.com" {
		t.Fatalf("received %d messages to %v", len(s.received), s.to)
	}
	checkMessage(t, s.received[0])
}

func checkMessage(t *testing.T, raw []byte) {
	t.Helper()
	got, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != message().Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{"Message-Id": "<mai_1@ininjo.example>", "Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "",
		"From": `"Ininjo" <no-reply@ininjo.example>`, "To": "<hanako@example.com>", "Date": now.Format(time.RFC1123Z), "Content-Language": "ja"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	for _, want := range []string{message().Text, message().HTML} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if encoding := part.Header.Get("Content-Transfer-Encoding"); encoding != "base64" {
			t.Errorf("encoded as %q", encoding)
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil || strings.ReplaceAll(string(content), "\r\n", "\n") != want {
			t.Errorf("part %q, %v", content, err)
		}
	}
}

func TestSMTPRefusals(t *testing.T) {
	t.Parallel()
	temporary := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later, hanako@example.com"}
	permanent := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no hanako@example.com here"}
	for name, each := range map[string]struct {
		at      string
		err     error
		forGood bool
	}{
		"recipient for now":    {"RCPT", temporary, false},
		"recipient for good":   {"RCPT", permanent, true},
		"message for now":      {"DATA", temporary, false},
		"message for good":     {"DATA", permanent, true},
		"sender, which is us":  {"MAIL", permanent, false},
		"sender, for a moment": {"MAIL", temporary, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{refusals: map[string][]error{each.at: {each.err}}}
			m := plain(t, listen(t, s, nil))
			err := m.Send(t.Context(), message())
			if err == nil || errors.Is(err, jobs.ErrMailRefused) != each.forGood {
				t.Errorf("refused with %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hanako") {
				t.Errorf("the error names the recipient: %v", err)
			}
			if err := m.Send(t.Context(), message()); err != nil || len(s.received) != 1 {
				t.Errorf("the second attempt: %v, %d messages", err, len(s.received))
			}
		})
	}
}

func TestSMTPOverTLS(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil) // for its certificate, which is good for 127.0.0.1
	t.Cleanup(certified.Close)
	pool := x509.NewCertPool()
	pool.AddCert(certified.Certificate())
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{}
	c := mail.SMTPConfig{Sender: sender(), Address: listen(t, s, certified.TLS), Roots: pool, User: "ininjo", PasswordFile: password}
	m, err := mail.NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), message()); err != nil || s.signedIn != "ininjo:open sesame" || len(s.received) != 1 {
		t.Errorf("sent with %v, signed in as %q", err, s.signedIn)
	}
	c.Roots = x509.NewCertPool()
	if m, err = mail.NewSMTP(c); err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), message()); err == nil || errors.Is(err, jobs.ErrMailRefused) || len(s.received) != 1 {
		t.Errorf("an unknown certificate was taken: %v", err)
	}
}

func TestSMTPUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := plain(t, l.Addr().String()).Send(t.Context(), message()); err == nil || errors.Is(err, jobs.ErrMailRefused) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := plain(t, l.Addr().String()).Send(ctx, message()); err == nil {
		t.Error("a cancelled context sent")
	}
}

func TestSMTPWithoutTLS(t *testing.T) {
	t.Parallel()
	s := &server{}
	m, err := mail.NewSMTP(mail.SMTPConfig{Sender: sender(), Address: listen(t, s, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), message()); err == nil || len(s.received) != 0 {
		t.Errorf("a server without TLS got the message: %v", err)
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	m := plain(t, "127.0.0.1:1")
	bad := message()
	bad.To = "hanako\r\nBcc: everyone@example.com"
	if err := m.Send(t.Context(), bad); !errors.Is(err, jobs.ErrMailRefused) || strings.Contains(err.Error(), "hanako") {
		t.Errorf("got %v", err)
	}
	for name, c := range map[string]mail.SMTPConfig{
		"address":       {Sender: sender(), Address: "localhost"},
		"port":          {Sender: sender(), Address: "localhost:smtp"},
		"way of TLS":    {Sender: sender(), Address: "localhost:25", TLS: "perhaps"},
		"sender":        {Sender: mail.Sender{From: "nobody", Clock: poatest.NewClock(now)}, Address: "localhost:25"},
		"password file": {Sender: sender(), Address: "localhost:25", User: "u", PasswordFile: "/nowhere"},
	} {
		if _, err := mail.NewSMTP(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	f, err := mail.NewFolder(dir, sender())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second one takes the first one's place
		if err := f.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "20260601T000000.000000-mai_1.eml" {
		t.Fatalf("files %v, %v", files, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	checkMessage(t, raw)
	bad := message()
	bad.ID = "../mai_1"
	if err := f.Send(t.Context(), bad); err == nil {
		t.Error("an ID that leads elsewhere was taken")
	}
}
