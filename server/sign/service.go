// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Bounds of talking to a service.
const (
	serviceTimeout = 30 * time.Second
	maxReply       = 32 << 20
	maxToken       = 4 << 10
	maxDraftInput  = 1 << 20
)

// service is the way in to a service's GraphQL.
type service struct {
	endpoint string
	token    string
	language string
	http     *http.Client
}

// filed is what the service tells of a delegation.
type filed struct {
	ID              string `json:"id"`
	State           string `json:"state"`
	DraftFile       string `json:"draftFile"`
	DraftSHA256     string `json:"draftSha256"`
	CertifiedAt     string `json:"delegateCertifiedAt"`
	Acknowledgement *struct {
		Number      string `json:"number"`
		SubmittedAt string `json:"submittedAt"`
	} `json:"acknowledgement"`
}

const filedFields = `{ id state draftFile draftSha256 delegateCertifiedAt acknowledgement { number submittedAt } }`

// refusal is one fault that the service finds in an input: its code, the path of its field, its sentence.
type refusal struct {
	Code    string   `json:"code"`
	Field   []string `json:"field"`
	Message string   `json:"message"`
}

// refusals are why a service did not do what it was asked.
type refusals []refusal

// Error lists codes and fields.
func (r refusals) Error() string {
	var lines []string
	for _, one := range r {
		lines = append(lines, strings.TrimSpace(one.Code+" "+strings.Join(one.Field, ".")+": "+one.Message))
	}
	return strings.Join(lines, "\n")
}

func (r refusals) has(code string) bool {
	for _, one := range r {
		if one.Code == code {
			return true
		}
	}
	return false
}

// newService checks the address: a token goes over TLS, or to this machine.
func newService(address, token string, t Texts) (*service, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, wrong("service-url")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && !ip.IsLoopback() {
		return nil, wrong("service-plain")
	}
	refuse := func(*http.Request, []*http.Request) error { return errors.New("the service redirects") }
	return &service{endpoint: strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/") + "/graphql", token: token, language: string(t),
		http: &http.Client{Timeout: serviceTimeout, CheckRedirect: refuse}}, nil
}

// readToken takes the token out of its file or out of ININJO_TOKEN, never out of a flag: others see those.
func readToken(file string) (string, error) {
	token := os.Getenv("ININJO_TOKEN")
	if file != "" {
		text, err := readBounded(file, maxToken)
		if err != nil {
			return "", err
		}
		token = string(text)
	}
	if token = strings.TrimSpace(token); token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", wrong("no-token")
	}
	return token, nil
}

// draft drafts a delegation from the JSON of a DraftDelegationInput. Its key is drawn from the text unless the file
// names one: the same file gives the same draft for 24 hours, so that running again never drafts twice.
func (s *service) draft(ctx context.Context, text []byte) (filed, error) {
	var input map[string]any
	if err := json.Unmarshal(text, &input); err != nil {
		return filed{}, wrong("draft-json").because(err)
	}
	if input["idempotencyKey"] == nil {
		input["idempotencyKey"] = keyOf("draft", text)
	}
	return s.mutate(ctx, "draftDelegation", "DraftDelegationInput", input)
}

// submit files a signed delegation; the same bytes give the first acknowledgement again.
func (s *service) submit(ctx context.Context, id string, file []byte) (filed, error) {
	return s.mutate(ctx, "submitDelegation", "SubmitDelegationInput", map[string]any{
		"idempotencyKey": keyOf("submit "+id, file), "delegationId": id, "signedFile": base64.StdEncoding.EncodeToString(file)})
}

func keyOf(what string, text []byte) string {
	sum := sha256.Sum256(append([]byte(what+"\n"), text...))
	return "sign-" + hex.EncodeToString(sum[:])
}

// delegation asks for one.
func (s *service) delegation(ctx context.Context, id string) (filed, error) {
	var data struct {
		Delegation *filed `json:"delegation"`
	}
	if err := s.ask(ctx, `query($id: ID!) { delegation(id: $id) `+filedFields+` }`, map[string]any{"id": id}, &data); err != nil {
		return filed{}, err
	}
	if data.Delegation == nil {
		return filed{}, wrong("unknown-delegation", "id", id)
	}
	return *data.Delegation, nil
}

func (s *service) mutate(ctx context.Context, mutation, input string, value map[string]any) (filed, error) {
	var data map[string]struct {
		Delegation *filed   `json:"delegation"`
		Errors     refusals `json:"errors"`
	}
	query := `mutation($input: ` + input + `!) { ` + mutation + `(input: $input) { delegation ` + filedFields + ` errors { code field message } } }`
	if err := s.ask(ctx, query, map[string]any{"input": value}, &data); err != nil {
		return filed{}, err
	}
	payload := data[mutation]
	if len(payload.Errors) > 0 {
		return filed{}, payload.Errors
	}
	if payload.Delegation == nil {
		return filed{}, wrong("service-answer")
	}
	return *payload.Delegation, nil
}

// ask sends one operation.
func (s *service) ask(ctx context.Context, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/graphql-response+json", "Accept-Language": s.language, "Authorization": "Bearer " + s.token} {
		request.Header.Set(name, value)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return wrong("service-silent").because(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	if err != nil || len(answer) > maxReply {
		return wrong("service-silent").because(err)
	}
	var reply struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message    string `json:"message"`
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if json.Unmarshal(answer, &reply) != nil {
		return wrong("service-status", "status", response.Status)
	}
	if len(reply.Errors) > 0 {
		var all refusals
		for _, e := range reply.Errors {
			all = append(all, refusal{Code: e.Extensions.Code, Message: e.Message})
		}
		return all
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(reply.Data, into) != nil {
		return wrong("service-status", "status", response.Status)
	}
	return nil
}

// file checks that the draft arrived as the service meant it.
func (f filed) file() (Draft, error) {
	text, err := base64.StdEncoding.DecodeString(f.DraftFile)
	if err != nil {
		return Draft{}, wrong("service-answer").because(err)
	}
	d, err := readDraft("ininjo-"+strings.ReplaceAll(f.ID, "-", ""), text) // as the portal names it
	if err != nil {
		return d, err
	}
	if d.Format == nil || d.SHA256() != f.DraftSHA256 || d.Content.DelegationID != f.ID {
		return d, wrong("service-answer")
	}
	d.Name += d.Format.Extension()
	return d, nil
}
