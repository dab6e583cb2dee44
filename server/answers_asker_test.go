// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"ininjo/poa"
)

// asker asks one process after the other and keeps what it was answered.
type asker struct {
	*answerWorld
	http    *http.Client
	random  *rand.Rand
	answers []validityAnswer
	tokens  []tokenUse
	// lost counts questions that a killed process left without an answer.
	lost int
}

// tokenUse is one use of a token, and whether it was refused.
type tokenUse struct {
	token          int
	sent, received time.Time
	refused        bool
}

const (
	askOne  = `query($id: ID!, $nonce: String) { validity(delegationId: $id, nonce: $nonce) { delegationId status reason version inquiryId answeredAt } }`
	askMany = `query($ids: [ID!]!) { validities(delegationIds: $ids) { delegationId status reason version inquiryId answeredAt } }`
)

// validityJSON is an answer as it is read off the wire.
type validityJSON struct {
	DelegationID, InquiryID string
	Status                  poa.ValidityStatus
	Reason                  poa.ValidityReason
	Version                 int
	AnsweredAt              time.Time
}

var errTokenRefused = errors.New("the token was refused")

// askAt asks a process and returns its answers with the instants around.
func (a *asker) askAt(base, token, query string, variables map[string]any) (answers []validityJSON, sent, received time.Time, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, sent, received, err
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, sent, received, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	sent = a.clock.Now()
	response, err := a.http.Do(request)
	if err != nil {
		return nil, sent, received, err
	}
	text, err := io.ReadAll(response.Body)
	received = a.clock.Now()
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, sent, received, err
	}
	var reply struct {
		Data *struct {
			Validity   *validityJSON
			Validities []validityJSON
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return nil, sent, received, fmt.Errorf("reading %.200s: %w", text, err)
	}
	switch {
	case len(reply.Errors) > 0 && reply.Errors[0].Extensions.Code == "UNAUTHENTICATED":
		return nil, sent, received, errTokenRefused
	case len(reply.Errors) > 0 || reply.Data == nil:
		return nil, sent, received, fmt.Errorf("answered %d: %.300s", response.StatusCode, text)
	case reply.Data.Validity != nil:
		return []validityJSON{*reply.Data.Validity}, sent, received, nil
	}
	return reply.Data.Validities, sent, received, nil
}

// pick draws stories, the newest more often.
func (a *asker) pick(n int) (stories []int, ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range n {
		among := len(a.stories)
		at := a.random.IntN(among)
		if a.random.IntN(2) == 0 {
			at = among - 1 - a.random.IntN(min(among, 20))
		}
		stories, ids = append(stories, at), append(ids, string(a.stories[at].id))
	}
	return stories, ids
}

// ask asks some process about some delegations once.
func (a *asker) ask() {
	i := a.random.IntN(len(a.processes))
	base, gone := a.processes[i].at()
	if base == "" {
		return
	}
	stories, ids := a.pick(1 + a.random.IntN(2)*4)
	query, variables, nonce := askMany, map[string]any{"ids": ids}, ""
	if len(ids) == 1 {
		nonce = poa.NewID("")
		query, variables = askOne, map[string]any{"id": ids[0], "nonce": nonce}
	}
	number, token := a.newest()
	answers, sent, received, err := a.askAt(base, token, query, variables)
	if _, now := a.processes[i].at(); err != nil && now != gone {
		a.lost++
		return
	}
	if errors.Is(err, errTokenRefused) {
		a.tokens = append(a.tokens, tokenUse{number, sent, received, true})
		return
	}
	if err == nil && len(answers) != len(ids) {
		err = fmt.Errorf("%d answers for %d questions", len(answers), len(ids))
	}
	if err != nil {
		a.fault(fmt.Errorf("asking process %d: %w", i, err))
		return
	}
	a.tokens = append(a.tokens, tokenUse{number, sent, received, false})
	for n, each := range answers {
		if each.DelegationID != ids[n] {
			a.fault(fmt.Errorf("asked about %s, answered about %s", ids[n], each.DelegationID))
		}
		a.answers = append(a.answers, validityAnswer{story: stories[n], process: i, sent: sent, received: received, status: each.Status, version: each.Version,
			inquiry: each.InquiryID, answeredAt: each.AnsweredAt.UTC(), nonce: nonce})
	}
}

// misuses are uses of tokens that contradict their withdrawal.
func misuses(tokens []withdrawable, uses []tokenUse, ahead time.Duration) []string {
	var found []string
	for _, u := range uses {
		t := tokens[u.token]
		withdrawn := !t.done.IsZero() && t.done.Add(ahead).Before(u.sent)
		begun := !t.begun.IsZero() && t.begun.Add(ahead).Before(u.received)
		switch {
		case withdrawn && !u.refused:
			found = append(found, fmt.Sprintf("token %d was taken %v after its withdrawal", u.token, u.sent.Sub(t.done.Add(ahead))))
		case u.refused && !begun:
			found = append(found, fmt.Sprintf("token %d was refused though nobody had withdrawn it", u.token))
		}
	}
	return found
}
