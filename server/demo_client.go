// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// client is one party's way in: GraphQL with its token, the portal with its
// cookies. It knows nothing of the inside.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(base, token string) (*client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &client{base: base, token: token, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}, nil
}

// with returns the same way in with another token.
func (c *client) with(token string) *client {
	return &client{base: c.base, token: token, http: c.http}
}

// userError is what a payload tells of an input.
type userError struct {
	Code    string   `json:"code"`
	Field   []string `json:"field"`
	Message string   `json:"message"`
}

// Error tells code, field and text.
func (e userError) Error() string {
	return fmt.Sprintf("%s at %s: %s", e.Code, strings.Join(e.Field, "."), e.Message)
}

// query asks GraphQL and reads the member of data into out. Errors of the
// payload are errors here: the demo's input is right.
func (c *client) query(ctx context.Context, text string, variables map[string]any, member string, out any) error {
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	request.Header.Set("Accept-Language", "ja")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.send(request)
	if err != nil {
		return err
	}
	var reply struct {
		Data   map[string]json.RawMessage `json:"data"`
		Errors []struct {
			Message    string         `json:"message"`
			Extensions map[string]any `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return fmt.Errorf("reading answer: %w", err)
	}
	if len(reply.Errors) > 0 {
		return fmt.Errorf("%s: %v %s", member, reply.Errors[0].Extensions["code"], reply.Errors[0].Message)
	}
	return readMember(reply.Data[member], member, out)
}

func readMember(raw json.RawMessage, member string, out any) error {
	var payload struct {
		Errors []userError `json:"errors"`
	}
	if bytes.HasPrefix(raw, []byte("{")) {
		if err := json.Unmarshal(raw, &payload); err != nil {
			return fmt.Errorf("reading %s: %w", member, err)
		}
	}
	if len(payload.Errors) > 0 {
		return fmt.Errorf("%s: %w", member, payload.Errors[0])
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

func (c *client) send(request *http.Request) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL may hold a link
		}
		return nil, fmt.Errorf("asking: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("reading answer: %w", err)
	}
	if response.StatusCode >= 400 {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	return body, nil
}

// post sends a form of the portal and returns the page that it leads to.
func (c *client) post(ctx context.Context, path string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	page, err := c.send(request)
	return string(page), err
}

var tokenPattern = regexp.MustCompile(`inj_(?:live|test)_[0-9a-f]+_[0-9a-f]{8}`)

// signIn signs in to the portal.
func (c *client) signIn(ctx context.Context, email, password, code string) error {
	page, err := c.post(ctx, "/sign-in", url.Values{"email": {email}, "password": {password}, "code": {code}})
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	if !strings.Contains(page, "/sign-out") {
		return errors.New("signing in: refused")
	}
	return nil
}

// newToken makes an API token on the portal's page, where it is shown once.
func (c *client) newToken(ctx context.Context, name string) (string, error) {
	page, err := c.post(ctx, "/tokens", url.Values{"idempotencyKey": {"demo-" + name}, "name": {name}, "scope": {"ALL"}, "expiresInDays": {"365"}})
	if err != nil {
		return "", fmt.Errorf("making token: %w", err)
	}
	token := tokenPattern.FindString(page)
	if token == "" {
		return "", errors.New("making token: the page shows none")
	}
	return token, nil
}
