// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ininjo/poa"
)

// kept is what somebody wrote, readable while it is being written.
type kept struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(p)
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.String()
}

func (k *kept) tail() string {
	text := k.String()
	return text[max(0, len(text)-3000):]
}

// recording keeps every answer that a role was given.
type recording struct {
	role    string
	answers *answers
}

// answers are what every role was answered, by role, each with its question's
// method and path.
type answers struct {
	mu sync.Mutex
	of map[string][]given
}

type given struct {
	question string
	text     []byte
}

func newAnswers() *answers { return &answers{of: map[string][]given{}} }

// RoundTrip keeps a copy of the answer. What came by a one-time link was
// answered to the delegate.
func (r *recording) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	role := r.role
	if strings.Contains(request.Header.Get("Authorization"), poa.LinkPrefix) || strings.HasPrefix(request.URL.Path, "/l/") {
		role = "delegate"
	}
	text := fmt.Appendf(nil, "%d\n", response.StatusCode)
	for name, values := range response.Header {
		if name != "Set-Cookie" { // the session's own
			text = fmt.Appendf(text, "%s: %s\n", name, strings.Join(values, ", "))
		}
	}
	r.answers.mu.Lock()
	defer r.answers.mu.Unlock()
	r.answers.of[role] = append(r.answers.of[role], given{request.Method + " " + request.URL.Path, append(text, body...)})
	return response, nil
}

// postOffice is a real mail server. It keeps what arrives as files, whole or
// not at all.
type postOffice struct {
	dir, address string
	mu           sync.Mutex
	number       int
}

func newPostOffice(t *testing.T, dir string) *postOffice {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := &postOffice{dir: dir}
	server := smtp.NewServer(p)
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

// NewSession begins a conversation.
func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &conversation{p: p}, nil }

type conversation struct {
	p  *postOffice
	to []string
}

func (c *conversation) Mail(string, *smtp.MailOptions) error { return nil }
func (c *conversation) Reset()                               { c.to = nil }
func (c *conversation) Logout() error                        { return nil }

func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = append(c.to, to)
	return nil
}

func (c *conversation) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.number++
	if len(c.to) != 1 {
		return fmt.Errorf("a message to %d people", len(c.to))
	}
	name := filepath.Join(c.p.dir, fmt.Sprintf("%04d", c.p.number))
	if err := os.WriteFile(name+".part", message, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name+".eml")
}

// partner is a party's system: it takes a webhook only if the official library
// of Standard Webhooks verifies it.
type partner struct {
	address string
	mu      sync.Mutex
	webhook *standardwebhooks.Webhook
	refused []string
	bodies  [][]byte
	arrived chan poa.WebhookBody
}

func newPartner(t *testing.T) *partner {
	t.Helper()
	p := &partner{arrived: make(chan poa.WebhookBody, 100)}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.address = server.Listener.Addr().String()
	return p
}

func (p *partner) expect(t *testing.T, secret string) {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.webhook = webhook
}

// ServeHTTP takes one webhook.
func (p *partner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && p.webhook == nil {
		err = fmt.Errorf("it came before its secret was known")
	}
	if err == nil {
		err = p.webhook.Verify(body, r.Header)
	}
	var hook poa.WebhookBody
	if err == nil {
		err = json.Unmarshal(body, &hook)
	}
	if err != nil {
		p.refused = append(p.refused, err.Error())
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.bodies = append(p.bodies, body)
	p.arrived <- hook
	w.WriteHeader(http.StatusNoContent)
}

// next waits for a webhook of the type.
func (p *partner) next(t *testing.T, of poa.NoticeType) poa.WebhookBody {
	t.Helper()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		select {
		case hook := <-p.arrived:
			if hook.Type == of {
				return hook
			}
		case <-limit.C:
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("no webhook %s came; refused were %v", of, p.refused)
		}
	}
}

// taken are the bodies that arrived.
func (p *partner) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var texts []string
	for _, b := range p.bodies {
		texts = append(texts, string(b))
	}
	return texts
}
