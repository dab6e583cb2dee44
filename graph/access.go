// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"ininjo/poa"
)

// access is who asks in one request, found once and only if a field needs it:
// the validity read never does.
type access struct {
	// credential is what the request brought, allowance what it may still ask.
	credential poa.Credential
	allowance  poa.Allowance

	mu    sync.Mutex
	found *caller
	// asked counts what is asked for without a token: aliases must not carry more
	// questions than one caller may put at once.
	asked atomic.Int64
}

// caller is who asks, or why nobody does.
type caller struct {
	actor poa.Actor
	scope poa.TokenScope
	err   error
}

type accessKey struct{}

func (r *resolver) actor(ctx context.Context) (poa.Actor, poa.TokenScope, error) {
	a, ok := ctx.Value(accessKey{}).(*access)
	if !ok {
		return r.Actor(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		a.found = &caller{}
		a.found.actor, a.found.scope, a.found.err = r.Actor(ctx)
	}
	return a.found.actor, a.found.scope, a.found.err
}

// reader is the actor of a query: a token for validity alone reads nothing else.
func (r *resolver) reader(ctx context.Context) (poa.Actor, error) {
	actor, scope, err := r.actor(ctx)
	if err != nil {
		return poa.Actor{}, err
	}
	if scope == poa.ScopeValidity {
		return poa.Actor{}, poa.ErrForbidden
	}
	return actor, nil
}

// changer is the actor of a mutation: a token needs the scope of everything;
// who brought none has no scope.
func (r *resolver) changer(ctx context.Context) (poa.Actor, error) {
	actor, scope, err := r.actor(ctx)
	if err != nil {
		return poa.Actor{}, err
	}
	if scope != poa.ScopeAll && scope != "" {
		return poa.Actor{}, poa.ErrForbidden
	}
	return actor, nil
}

// boundAnonymous wants no more questions of one request than somebody without a
// token may put.
func (a *access) boundAnonymous(questions int) error {
	if !a.credential.Anonymous || a.asked.Add(int64(questions)) <= poa.MaxAnonymousInquiries {
		return nil
	}
	return poa.Faults{{Code: poa.CodeTooMany, Field: []string{"delegationIds"}, Args: map[string]string{"bound": fmt.Sprint(poa.MaxAnonymousInquiries)}}}
}
