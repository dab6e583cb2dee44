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

// Handler is GraphQL over HTTP by POST, and by GET for queries. Others'
// transports read bodies without a bound and echo them in errors.
type Handler struct {
	exec     *executor.Executor
	limits   Limits
	resolver *resolver
	// documents are the trusted ones, plans those of free queries.
	documents *Documents
	plans     plans
	// room is for large bodies, lane for long texts.
	room *room
	lane lane
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
func (t *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Cache-Control"] = noStore
	w.Header().Add("Vary", "Accept, Accept-Language")
	if unbounded(r) { // until all of it is read: nobody reads the rest of what is refused
		w.Header().Set("Connection", "close")
	}
	streams, accepted := wanted(r.Header["Accept"])
	if accepted == "" {
		t.fail(r.Context(), w, typeJSON, failure{http.StatusNotAcceptable, poa.CodeBadUserInput})
		return
	}
	if wait := t.wait(r); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		t.fail(r.Context(), w, accepted, failure{http.StatusTooManyRequests, poa.CodeRateLimited})
		return
	}
	a := &access{credential: t.resolver.Credential(r.Context())}
	l := leans.Get().(*Lean) //nolint:forcetypeassert // nothing else is put there
	defer leans.Put(l)
	var body []byte
	leave, length := nobody, len(r.URL.RawQuery)
	var err error
	if r.Method == http.MethodPost {
		body, leave, err = t.body(w, r, l)
		defer leave()
		length = len(body)
		if err == nil && !streams && length <= smallBody && t.lean(r.Context(), l, a, body) {
			t.tell(w, accepted, &l.Told)
			return
		}
	}
	ctx := graphql.StartOperationTrace(context.WithValue(r.Context(), accessKey{}, a))
	var params *graphql.RawParams
	if err == nil {
		err = t.lane.pass(ctx, length, func() error { params, err = t.read(r, body); return err })
		leave() // its values are read
	}
	if err != nil {
		t.refuse(ctx, w, accepted, err)
		return
	}
	if streams && r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		t.fail(ctx, w, accepted, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput})
		return
	}
	if streams {
		if t.admit(ctx, w, a, accepted, 1) {
			t.stream(ctx, w, params, length)
		}
		return
	}
	if operation := t.execute(ctx, w, r.Method, accepted, params, length, a); operation != nil && length <= smallBody {
		t.learn(body, operation.Doc)
	}
}

// noStore is shared by all answers and never written to.
var noStore = []string{"no-store"}

// wanted says whether a caller wants a stream and which media type it takes, ""
// for none of ours. What is refused before a stream begins is JSON.
func wanted(accept []string) (streams bool, accepted string) {
	if len(accept) == 1 {
		if usual, known := usualWishes[accept[0]]; known {
			return false, usual
		}
	}
	if wantsStream(strings.Join(accept, ",")) {
		return true, typeJSON
	}
	return false, negotiate(accept)
}

// usualWishes are what most clients send, negotiated once.
var usualWishes = func() map[string]string {
	usual := map[string]string{}
	for _, accept := range []string{"*/*", typeJSON, typeResponse, typeResponse + ", " + typeJSON, typeJSON + ", " + typeResponse, typeJSON + ", */*",
		typeResponse + ",application/json;q=0.9", typeResponse + ", application/json;q=0.9"} {
		usual[accept] = negotiate([]string{accept})
	}
	return usual
}()

// learn makes ready what a free query asked, for the next one that is written
// the same.
func (t *Handler) learn(body []byte, document *ast.QueryDocument) {
	var in leanRequest
	if scanLean(body, &in) && in.documentID == nil && t.plans.find(in.query) == nil {
		t.plans.learn(in.query, newPlan(document, t.limits))
	}
}

// refuse answers a request that cannot be read.
func (t *Handler) refuse(ctx context.Context, w http.ResponseWriter, accepted string, err error) {
	var unknown *poa.Error
	switch {
	case errors.As(err, &unknown):
		t.write(ctx, w, accepted, ofRequest(accepted), reply{Errors: gqlerror.List{t.resolver.present(ctx, err)}})
		return
	case isMethod(err):
		w.Header().Set("Allow", "GET, POST")
	}
	t.fail(ctx, w, accepted, err)
}

// ofRequest is the status of a request that is well written and cannot be
// executed: 200 as GraphQL over HTTP wants it of application/json.
func ofRequest(accepted string) int {
	if accepted == typeResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// wait says for how long a request comes too early.
func (t *Handler) wait(r *http.Request) time.Duration {
	if t.resolver.Wait == nil {
		return 0
	}
	return t.resolver.Wait(r)
}

// execute answers with the executor and returns the operation if it was executed.
func (t *Handler) execute(ctx context.Context, w http.ResponseWriter, method, accepted string, params *graphql.RawParams, length int, a *access) *graphql.OperationContext {
	operation, faults, err := t.operation(ctx, params, length)
	if err != nil {
		t.fail(ctx, w, accepted, err)
		return nil
	}
	if !t.admit(ctx, w, a, accepted, costOf(operation, faults != nil)) {
		return nil
	}
	if faults != nil {
		response := t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
		t.write(ctx, w, accepted, ofRequest(accepted), reply{Errors: response.Errors})
		return nil
	}
	if method == http.MethodGet && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", "POST")
		t.fail(ctx, w, accepted, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput})
		return nil
	}
	if operation.Operation.Operation == ast.Subscription { // one answer is not what was asked for
		t.fail(ctx, w, accepted, failure{http.StatusNotAcceptable, poa.CodeBadUserInput})
		return nil
	}
	respond, ctx := t.exec.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response == nil { // the caller went away
		response = &graphql.Response{}
	}
	t.write(ctx, w, accepted, http.StatusOK, reply{Data: data(response.Data), Errors: response.Errors})
	return operation
}

// operation parses and validates what is asked, in a request of a length.
func (t *Handler) operation(ctx context.Context, params *graphql.RawParams, length int) (operation *graphql.OperationContext, faults gqlerror.List, err error) {
	err = t.lane.pass(ctx, length, func() error {
		operation, faults = t.exec.CreateOperationContext(ctx, params)
		return nil
	})
	return operation, faults, err
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

func (t *Handler) fail(ctx context.Context, w http.ResponseWriter, accepted string, err error) {
	status := http.StatusInternalServerError
	var f failure
	if errors.As(err, &f) {
		status, err = f.status, &poa.Error{Code: f.code}
	}
	t.write(ctx, w, accepted, status, reply{Errors: gqlerror.List{t.resolver.present(ctx, err)}})
}

func (t *Handler) write(ctx context.Context, w http.ResponseWriter, accepted string, status int, answer reply) {
	status, body := t.encode(ctx, status, answer)
	t.send(w, accepted, status, body)
}

// encode gives the body of an answer, and the status that it is told with.
func (t *Handler) encode(ctx context.Context, status int, answer reply) (int, []byte) {
	body, err := json.Marshal(answer)
	if err == nil && len(body) > t.limits.Reply {
		answer = reply{Errors: gqlerror.List{t.resolver.present(ctx, &poa.Error{Code: poa.CodeTooLarge})}}
		body, err = json.Marshal(answer)
	}
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"errors":[{"message":"INTERNAL","extensions":{"code":"INTERNAL"}}]}`)
		t.resolver.Log.ErrorContext(ctx, "encoding GraphQL reply", "error", err)
	}
	return status, body
}

var (
	inJSON     = []string{typeJSON + "; charset=utf-8"}
	inResponse = []string{typeResponse + "; charset=utf-8"}
	noSniff    = []string{"nosniff"}
)

func (t *Handler) send(w http.ResponseWriter, accepted string, status int, body []byte) {
	header := w.Header()
	header["Content-Type"], header["X-Content-Type-Options"] = inJSON, noSniff
	if accepted == typeResponse {
		header["Content-Type"] = inResponse
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone away
}

func isMethod(err error) bool {
	var f failure
	return errors.As(err, &f) && f.status == http.StatusMethodNotAllowed
}

func (t *Handler) read(r *http.Request, body []byte) (*graphql.RawParams, error) {
	var params *graphql.RawParams
	var document string
	var err error
	switch r.Method {
	case http.MethodGet:
		params, document, err = fromURL(r.URL)
	case http.MethodPost:
		params, document, err = fromBody(body)
	default:
		return nil, failure{http.StatusMethodNotAllowed, poa.CodeBadUserInput}
	}
	if err == nil {
		err = t.resolve(params, document)
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

// fromURL reads a request and the document that it names.
func fromURL(u *url.URL) (*graphql.RawParams, string, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, "", badRequest
	}
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if text := values.Get(name); text != "" && (countValues(text) > maxValues || decode([]byte(text), into) != nil) {
			return nil, "", badRequest
		}
	}
	return params, values.Get("documentId"), nil
}

// request is the body of a POST. A list of requests is not taken.
type request struct {
	Query         string         `json:"query"`
	DocumentID    string         `json:"documentId"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

func fromBody(body []byte) (*graphql.RawParams, string, error) {
	var in request
	if decode(body, &in) != nil {
		return nil, "", badRequest
	}
	return &graphql.RawParams{Query: in.Query, OperationName: in.OperationName, Variables: in.Variables, Extensions: in.Extensions}, in.DocumentID, nil
}

// isJSON wants application/json in UTF-8 that nothing compressed: a small body
// must not unfold into a large one.
func isJSON(h http.Header) bool {
	if types := h["Content-Type"]; len(types) == 1 && types[0] == typeJSON && len(h["Content-Encoding"]) == 0 {
		return true
	}
	media, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := parameters["charset"]
	return err == nil && media == typeJSON && (charset == "" || strings.EqualFold(charset, "utf-8")) && h.Get("Content-Encoding") == ""
}

// decode reads one JSON value and nothing after it; numbers keep their digits.
func decode(text []byte, into any) error {
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
