// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// mailbox reads the demo's folder of .eml files as its parties read their mail.
type mailbox struct {
	dir  string
	seen map[string]bool
}

// received is one mail.
type received struct {
	subject, to, text string
	header            mail.Header
}

var linkPattern = regexp.MustCompile(`https?://[^\s]+/l/(injl_[0-9a-f]+_[0-9a-f]{8})`)

// link returns the token of the one-time link in the text.
func (r received) link() string {
	if found := linkPattern.FindStringSubmatch(r.text); found != nil {
		return found[1]
	}
	return ""
}

// next waits for a mail to the address that fits and was not read before.
func (m *mailbox) next(ctx context.Context, to string, fits func(received) bool) (received, error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		mails, err := m.unread()
		if err != nil {
			return received{}, err
		}
		for name, r := range mails {
			if strings.Contains(r.to, to) && fits(r) {
				m.seen[name] = true
				return r, nil
			}
		}
		select {
		case <-ctx.Done():
			return received{}, fmt.Errorf("waiting for mail: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

func (m *mailbox) unread() (map[string]received, error) {
	names, err := filepath.Glob(filepath.Join(m.dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("listing mail: %w", err)
	}
	mails := map[string]received{}
	for _, name := range names {
		if m.seen[name] {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading mail: %w", err)
		}
		r, err := parseMail(b)
		if err != nil {
			return nil, fmt.Errorf("reading mail: %w", err)
		}
		mails[name] = r
	}
	return mails, nil
}

// parseMail reads subject, recipient and plain text of a message.
func parseMail(b []byte) (received, error) {
	message, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return received{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return received{}, err
	}
	text, err := plainText(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)
	return received{subject: subject, to: message.Header.Get("To"), text: text, header: message.Header}, err
}

func plainText(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return decodeText(encoding, body)
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return "", errors.New("no plain text")
		}
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			return decodeText(part.Header.Get("Content-Transfer-Encoding"), part)
		}
	}
}

func decodeText(encoding string, body io.Reader) (string, error) {
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(io.LimitReader(body, 1<<20))
	return string(b), err
}
