// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"ininjo/poa"
	"ininjo/poa/locale"
)

const (
	// defaultFeed is how many notices one answer holds, defaultWait how long a
	// question waits, where nothing else is asked.
	defaultFeed = 100
	defaultWait = 30 * time.Second
	// writeTime is how long an answer may take to be sent.
	writeTime = 30 * time.Second
	// maxAcknowledgement bounds the body of an acknowledgement.
	maxAcknowledgement = 4 << 10
	// crowded is after how long to come again where too many wait.
	crowded = 5 * time.Second
)

// feedAnswer is the change feed's answer: notices as webhooks are sent, in the
// order of the sequence.
type feedAnswer struct {
	Stream string `json:"stream"`
	// Head is the newest number of the sequence, Next the one to ask after, More
	// whether there is more at once.
	Head           int64             `json:"head"`
	Next           int64             `json:"next"`
	More           bool              `json:"more"`
	Acknowledged   int64             `json:"acknowledged"`
	AcknowledgedAt *time.Time        `json:"acknowledgedAt"`
	Notices        []poa.WebhookBody `json:"notices"`
	// Heartbeat is a JWS over stream and head; null where none is signed.
	Heartbeat *string `json:"heartbeat"`
}

// acknowledgement is what came of one.
type acknowledgement struct {
	Stream         string     `json:"stream"`
	Head           int64      `json:"head"`
	Acknowledged   int64      `json:"acknowledged"`
	AcknowledgedAt *time.Time `json:"acknowledgedAt"`
}

// feedRefusal is why there is no answer; where the stream changed or notices are
// gone, beside where the sequence stands.
type feedRefusal struct {
	Errors []feedError `json:"errors"`
	Stream string      `json:"stream,omitempty"`
	Head   *int64      `json:"head,omitempty"`
}

type feedError struct {
	Code    poa.Code `json:"code"`
	Field   []string `json:"field"`
	Message string   `json:"message"`
}

// feedStatus are the HTTP statuses of codes; others of the caller's input are
// 400.
var feedStatus = map[poa.Code]int{
	poa.CodeUnauthenticated: http.StatusUnauthorized, poa.CodeForbidden: http.StatusForbidden, poa.CodeBadUserInput: http.StatusBadRequest,
	poa.CodeConflict: http.StatusConflict, poa.CodeRateLimited: http.StatusTooManyRequests, poa.CodeTooLarge: http.StatusRequestEntityTooLarge,
	poa.CodeUnavailable: http.StatusServiceUnavailable, poa.CodeStreamChanged: http.StatusConflict, poa.CodeSequenceGone: http.StatusGone,
}

// feed serves the change feed (RFC 8936 in spirit): GET reads and waits, POST to
// /feed/ack acknowledges. A token for validity alone does neither; one for
// reading does not acknowledge.
func (s *service) feed(mux *http.ServeMux, often *throttle) {
	serve := func(method string, answer func(http.ResponseWriter, *http.Request) (any, poa.FeedSlice, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			if r.Method != method {
				w.Header().Set("Allow", method)
				s.refuseFeed(w, r, poa.FeedSlice{}, http.StatusMethodNotAllowed, &poa.Error{Code: poa.CodeBadUserInput})
				return
			}
			if wait := often.wait; r.Header.Get("Authorization") == "" {
				if d := wait(r); d > 0 {
					s.tooOften(w, r, d)
					return
				}
			}
			body, at, err := answer(w, r)
			if err != nil {
				s.refuseFeed(w, r, at, 0, err)
				return
			}
			writeFeed(w, http.StatusOK, body)
		}
	}
	mux.HandleFunc("/feed", serve(http.MethodGet, s.readFeed))
	mux.HandleFunc("/feed/ack", serve(http.MethodPost, s.acknowledgeFeed))
}

func (s *service) tooOften(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	s.refuseFeed(w, r, poa.FeedSlice{}, http.StatusTooManyRequests, &poa.Error{Code: poa.CodeRateLimited})
}

// caller is who asks by a token that may do so, looked up anew at each call.
func (s *service) caller(scopes ...poa.TokenScope) poa.Caller {
	return func(ctx context.Context) (poa.Actor, error) {
		actor, scope, err := s.actors.actor(ctx)
		switch {
		case err != nil:
			return poa.Actor{}, err
		case actor.Kind == poa.ActorAnonymous:
			return poa.Actor{}, poa.ErrUnauthenticated
		case !slices.Contains(scopes, scope):
			return poa.Actor{}, poa.ErrForbidden
		}
		return actor, nil
	}
}

func (s *service) readFeed(w http.ResponseWriter, r *http.Request) (any, poa.FeedSlice, error) {
	in, wait, err := feedQuery(r.URL.RawQuery)
	if err != nil {
		return nil, poa.FeedSlice{}, err
	}
	if err := http.NewResponseController(w).SetWriteDeadline(s.machine.Now().Add(wait + writeTime)); err != nil {
		return nil, poa.FeedSlice{}, err
	}
	f, err := s.chapters.notifier.Await(r.Context(), s.bell, s.caller(poa.ScopeAll, poa.ScopeRead), in, wait)
	if poa.CodeOf(err) == poa.CodeRateLimited {
		w.Header().Set("Retry-After", strconv.Itoa(int(crowded.Seconds())))
	}
	if err != nil {
		return nil, f.FeedSlice, err
	}
	answer := feedAnswer{Stream: f.Stream, Head: f.Sequence, Next: f.Next, More: f.More(), Acknowledged: f.Acknowledged, AcknowledgedAt: optionalTime(f.AcknowledgedAt),
		Notices: make([]poa.WebhookBody, len(f.Notices))}
	for i, n := range f.Notices {
		answer.Notices[i] = s.chapters.notifier.BodyOf(n)
	}
	switch jws, err := s.chapters.notifier.HeartbeatOf(r.Context(), f); {
	case err != nil: // an answer without its proof is better than none
		s.log.ErrorContext(r.Context(), "signing heartbeat", "error", err)
	case jws != "":
		answer.Heartbeat = &jws
	}
	return answer, f.FeedSlice, nil
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// feedQuery reads after, stream, limit and wait (seconds). What it does not know,
// or finds twice, is refused and not ignored.
func feedQuery(raw string) (poa.FeedInput, time.Duration, error) {
	in, wait := poa.FeedInput{Limit: defaultFeed}, defaultWait
	values, err := url.ParseQuery(raw)
	if err != nil {
		return in, 0, &poa.Error{Code: poa.CodeBadUserInput}
	}
	var faults poa.Faults
	for name, given := range values {
		number, err := strconv.ParseInt(given[0], 10, 64)
		switch {
		case len(given) != 1:
			faults.Add(poa.CodeInvalid, known(name))
			err = nil
		case name == "stream":
			in.Stream = given[0]
			err = nil
		case name == "after":
			in.After = &number
		case name == "limit":
			in.Limit = int(min(max(number, -1), poa.MaxFeed+1))
		case name == "wait":
			wait = time.Duration(min(max(number, -1), 61)) * time.Second
		default:
			faults.Add(poa.CodeInvalid, known(name))
			err = nil
		}
		if err != nil {
			faults.Add(poa.CodeInvalid, name)
		}
	}
	if wait < 0 || wait > poa.MaxWait {
		faults.Add(poa.CodeInvalid, "wait")
	}
	slices.SortFunc(faults, func(a, b poa.Fault) int { return cmp.Compare(firstOf(a.Field), firstOf(b.Field)) })
	return in, wait, faults.Err()
}

// known keeps a name that the caller made up out of the answer.
func known(name string) string {
	if slices.Contains([]string{"stream", "after", "limit", "wait"}, name) {
		return name
	}
	return ""
}

func firstOf(field []string) string {
	if len(field) == 0 {
		return ""
	}
	return field[0]
}

func (s *service) acknowledgeFeed(w http.ResponseWriter, r *http.Request) (any, poa.FeedSlice, error) {
	actor, err := s.caller(poa.ScopeAll)(r.Context())
	if err != nil {
		return nil, poa.FeedSlice{}, err
	}
	var in poa.AcknowledgeInput
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAcknowledgement))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, poa.FeedSlice{}, &poa.Error{Code: poa.CodeTooLarge}
		}
		return nil, poa.FeedSlice{}, &poa.Error{Code: poa.CodeBadUserInput}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, poa.FeedSlice{}, &poa.Error{Code: poa.CodeBadUserInput}
	}
	at, err := s.chapters.notifier.AcknowledgeFeed(r.Context(), actor, in)
	return acknowledgement{Stream: at.Stream, Head: at.Sequence, Acknowledged: at.Acknowledged, AcknowledgedAt: optionalTime(at.AcknowledgedAt)}, at, err
}

// refuseFeed writes why there is no answer; a status of 0 is that of the code.
func (s *service) refuseFeed(w http.ResponseWriter, r *http.Request, at poa.FeedSlice, status int, err error) {
	var faults poa.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		faults = poa.Faults{{Code: poa.CodeOf(err)}}
	}
	code := faults[0].Code
	if status == 0 {
		var listed bool
		if status, listed = feedStatus[code]; !listed {
			status = http.StatusBadRequest
		}
	}
	if code == poa.CodeInternal || code == poa.CodeUnavailable {
		s.log.ErrorContext(r.Context(), "feed failed", "request", requestIDFrom(r.Context()), "error", err)
		if code == poa.CodeInternal {
			status = http.StatusInternalServerError
		}
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	refusal := feedRefusal{Errors: make([]feedError, len(faults))}
	for i, fault := range faults {
		refusal.Errors[i] = feedError{Code: fault.Code, Field: append([]string{}, fault.Field...), Message: locale.Text(languageFrom(r.Context()), string(fault.Code), fault.Args)}
	}
	if code == poa.CodeStreamChanged || code == poa.CodeSequenceGone {
		refusal.Stream, refusal.Head = at.Stream, &at.Sequence
	}
	writeFeed(w, status, refusal)
}

func writeFeed(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"errors":[{"code":"INTERNAL","field":[],"message":"INTERNAL"}]}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the caller may have gone away
}
