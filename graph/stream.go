// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/poa"
)

// typeStream is the media type of server-sent events.
const typeStream = "text/event-stream"

const (
	// keepAlive is how often a comment shows that a silent stream lives.
	keepAlive = 15 * time.Second
	// sendTime bounds how long one event may take to be sent: a reader that takes
	// nothing is cut off.
	sendTime = 15 * time.Second
)

// wantsStream reports whether the caller names server-sent events, and JSON not
// as much.
func wantsStream(wishes string) bool {
	q, how := wish(wishes, typeStream)
	if how != 2 || q == 0 {
		return false
	}
	for _, each := range offered {
		if other, how := wish(wishes, each); how == 2 && other >= q {
			return false
		}
	}
	return true
}

// ending is why a subscription ended; nil where the process stops.
type ending struct{ err error }

type endingKey struct{}

// endOf is where a subscription says why it ended.
func endOf(ctx context.Context) *ending {
	if e, ok := ctx.Value(endingKey{}).(*ending); ok {
		return e
	}
	return &ending{}
}

// sse is one answer by server-sent events (graphql-sse, distinct connections
// mode): an event next for each result, and complete at the end.
type sse struct {
	*Handler
	w       http.ResponseWriter
	control *http.ResponseController
}

// stream answers a request by server-sent events, a subscription as long as it
// lasts. What is wrong with the operation is told in the stream.
func (t *Handler) stream(ctx context.Context, w http.ResponseWriter, params *graphql.RawParams, length int) {
	w.Header().Set("Content-Type", typeStream+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	s := &sse{Handler: t, w: w, control: http.NewResponseController(w)}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, endingKey{}, &ending{}))
	defer cancel()
	operation, faults, err := t.operation(ctx, params, length)
	if err != nil {
		t.fail(ctx, w, typeJSON, err)
		return
	}
	if faults != nil {
		response := t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), faults)
		_ = s.next(ctx, reply{Errors: response.Errors})
		_ = s.send("event: complete\ndata:\n\n")
		return
	}
	if s.send(":\n\n") != nil { // the caller knows at once that it is heard
		return
	}
	respond, ctx := t.exec.DispatchOperation(ctx, operation)
	s.run(ctx, respond, operation.Operation.Operation == ast.Subscription)
}

// run sends what comes until nothing more does. A subscription that the process
// ends by stopping is not complete: its caller comes again.
func (s *sse) run(ctx context.Context, respond graphql.ResponseHandler, subscription bool) {
	responses := make(chan *graphql.Response)
	go func() {
		defer close(responses)
		for {
			response := respond(ctx)
			if response == nil {
				return
			}
			select {
			case responses <- response:
			case <-ctx.Done():
				return
			}
			if !subscription {
				return
			}
		}
	}()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	failed := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			err = s.send(":\n\n")
		case response, more := <-responses:
			if !more {
				s.end(ctx, subscription && !failed)
				return
			}
			failed = response.Data == nil
			err = s.next(ctx, reply{Data: data(response.Data), Errors: response.Errors})
		}
		if err != nil {
			return // the caller went away, or takes nothing
		}
	}
}

// end tells why a subscription ended, and that nothing more comes.
func (s *sse) end(ctx context.Context, subscription bool) {
	if subscription {
		err := endOf(ctx).err
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		if s.next(ctx, reply{Errors: gqlerror.List{s.resolver.present(ctx, err)}}) != nil {
			return
		}
	}
	_ = s.send("event: complete\ndata:\n\n")
}

func (s *sse) next(ctx context.Context, answer reply) error {
	body, err := json.Marshal(answer)
	if err == nil && len(body) > s.limits.Reply {
		body, err = json.Marshal(reply{Errors: gqlerror.List{s.resolver.present(ctx, &poa.Error{Code: poa.CodeTooLarge})}})
	}
	if err != nil {
		s.resolver.Log.ErrorContext(ctx, "encoding GraphQL reply", "error", err)
		return err
	}
	return s.send("event: next\ndata: " + string(body) + "\n\n")
}

// send writes and flushes within its time.
func (s *sse) send(text string) error {
	if err := s.control.SetWriteDeadline(poa.SystemClock{}.Now().Add(sendTime)); err != nil {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}
