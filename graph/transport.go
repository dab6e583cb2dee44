// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/poa"
)

// Media types of GraphQL over HTTP.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
)

// transport is GraphQL over HTTP by POST, and by GET for queries. Others'
// transports read bodies without a bound and echo them in errors.
type transport struct {
	exec     *executor.Executor
	limits   Limits
	resolver *resolver
}

// failure is a request that cannot be executed: an HTTP status and a code.
type failure struct {
	status int
	code   poa.Code
}

// Error names the code.
func (f failure) Error() string { return string(f.code) }

var badRequest = failure{http.StatusBadRequest, poa.CodeBadUserInput}

// ServeHTTP answers one request.
func (t *transport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept, Accept-Language")
	ctx := withAccess(graphql.StartOperationTrace(r.Context()))
	streams := wantsStream(strings.Join(r.Header.Values("Accept"), ","))
	accepted := negotiate(r.Header.Values("Accept"))
	if streams {
		accepted = typeJSON // of what is refused before the stream begins
	}
	if accepted == "" {
		t.fail(ctx, w, typeJSON, failure{http.StatusNotAcceptable, poa.CodeBadUserInput})
		return
	}
	if wait := t.wait(r); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		t.fail(ctx, w, accepted, failure{http.StatusTooManyRequests, poa.CodeRateLimited})
		return
	}
	params, err := t.read(w, r)
	if err != nil {
		if isMethod(err) {
			w.Header().Set("Allow", "GET, POST")
		}
		t.fail(ctx, w, accepted, err)
		return
	}
	if streams && r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		t.fail(ctx, w, accepted, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput})
		return
	}
	if streams {
		t.stream(ctx, w, params)
		return
	}
	t.execute(ctx, w, r.Method, accepted, params)
}

// wait says for how long a request comes too early.
func (t *transport) wait(r *http.Request) time.Duration {
	if t.resolver.Wait == nil {
		return 0
	}
	return t.resolver.Wait(r)
}

func (t *transport) execute(ctx context.Context, w http.ResponseWriter, method, accepted string, params *graphql.RawParams) {
	operation, faults := t.exec.CreateOperationContext(ctx, params)
	if faults != nil {
		status := http.StatusOK // as GraphQL over HTTP wants it of application/json
		if accepted == typeResponse {
			status = http.StatusBadRequest
		}
		response := t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
		t.write(ctx, w, accepted, status, reply{Errors: response.Errors})
		return
	}
	if method == http.MethodGet && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", "POST")
		t.fail(ctx, w, accepted, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput})
		return
	}
	if operation.Operation.Operation == ast.Subscription { // one answer is not what was asked for
		t.fail(ctx, w, accepted, failure{http.StatusNotAcceptable, poa.CodeBadUserInput})
		return
	}
	respond, ctx := t.exec.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response == nil { // the caller went away
		response = &graphql.Response{}
	}
	t.write(ctx, w, accepted, http.StatusOK, reply{Data: data(response.Data), Errors: response.Errors})
}

// data is null, and not left out, where an executed operation gave nothing.
func data(raw json.RawMessage) *json.RawMessage {
	if raw == nil {
		raw = json.RawMessage("null")
	}
	return &raw
}

// reply is a response; a request that was not executed has no data.
type reply struct {
	Errors gqlerror.List    `json:"errors,omitempty"`
	Data   *json.RawMessage `json:"data,omitempty"`
}

func (t *transport) fail(ctx context.Context, w http.ResponseWriter, accepted string, err error) {
	status := http.StatusInternalServerError
	var f failure
	if errors.As(err, &f) {
		status, err = f.status, &poa.Error{Code: f.code}
	}
	t.write(ctx, w, accepted, status, reply{Errors: gqlerror.List{t.resolver.present(ctx, err)}})
}

func (t *transport) write(ctx context.Context, w http.ResponseWriter, accepted string, status int, answer reply) {
	body, err := json.Marshal(answer)
	if err == nil && len(body) > t.limits.Reply {
		answer = reply{Errors: gqlerror.List{t.resolver.present(ctx, &poa.Error{Code: poa.CodeTooLarge})}}
		body, err = json.Marshal(answer)
	}
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"errors":[{"message":"INTERNAL","extensions":{"code":"INTERNAL"}}]}`)
		t.resolver.Log.ErrorContext(ctx, "encoding GraphQL reply", "error", err)
	}
	w.Header().Set("Content-Type", accepted+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone away
}

func isMethod(err error) bool {
	var f failure
	return errors.As(err, &f) && f.status == http.StatusMethodNotAllowed
}

func (t *transport) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	var params *graphql.RawParams
	var err error
	switch r.Method {
	case http.MethodGet:
		params, err = fromURL(r.URL)
	case http.MethodPost:
		params, err = t.fromBody(w, r)
	default:
		return nil, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput}
	}
	if err != nil {
		return nil, err
	}
	if params.Query == "" {
		return nil, badRequest
	}
	if len(params.Query) > t.limits.Query {
		return nil, failure{http.StatusRequestEntityTooLarge, poa.CodeTooLarge}
	}
	params.Headers = r.Header
	return params, nil
}

func fromURL(u *url.URL) (*graphql.RawParams, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, badRequest
	}
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if text := values.Get(name); text != "" && decode([]byte(text), into) != nil {
			return nil, badRequest
		}
	}
	return params, nil
}

// request is the body of a POST. A list of requests is not taken.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

func (t *transport) fromBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	if !isJSON(r.Header) {
		return nil, failure{http.StatusUnsupportedMediaType, poa.CodeBadUserInput}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.limits.Body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, failure{http.StatusRequestEntityTooLarge, poa.CodeTooLarge}
	case err != nil:
		return nil, unread(err)
	}
	var in request
	if err := decode(body, &in); err != nil {
		return nil, undecoded(err)
	}
	return &graphql.RawParams{Query: in.Query, OperationName: in.OperationName, Variables: in.Variables, Extensions: in.Extensions}, nil
}

// isJSON wants application/json in UTF-8 that nothing compressed: a small body
// must not unfold into a large one.
func isJSON(h http.Header) bool {
	media, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := parameters["charset"]
	return err == nil && media == typeJSON && (charset == "" || strings.EqualFold(charset, "utf-8")) && h.Get("Content-Encoding") == ""
}

// decode reads one JSON value and nothing after it; numbers keep their digits.
func decode(text []byte, into any) error {
	if values(text) > maxValues {
		return tooMany
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest
	}
	return nil
}
