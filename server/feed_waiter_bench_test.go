// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// benchWaiter is one who waits for a party's notices.
type benchWaiter struct {
	base, token string
	starting    chan struct{}
	say         func(string)
}

// waiting is the client of all: each holds a connection for itself.
var waiting = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchCrowd, DialContext: (&net.Dialer{}).DialContext}}

func (w benchWaiter) run(subscribes bool) {
	w.starting <- struct{}{}
	var err error
	if subscribes {
		err = w.subscribe()
	} else {
		err = w.poll()
	}
	w.say(fmt.Sprintf("failed %v", err))
}

func (w benchWaiter) told() { w.say(fmt.Sprintf("told %d", machineClock.Now().UnixNano())) }

// poll asks for the feed, again and again.
func (w benchWaiter) poll() error {
	next, err := w.ask("?wait=0")
	<-w.starting
	if err != nil {
		return err
	}
	w.say("waits 1")
	for {
		after, err := w.ask(fmt.Sprintf("?wait=60&after=%d", next))
		if err != nil {
			return err
		}
		if after > next {
			w.told()
		}
		next = after
	}
}

func (w benchWaiter) ask(query string) (next int64, err error) {
	request, err := http.NewRequest(http.MethodGet, w.base+"/feed"+query, nil) //nolint:noctx // it waits as long as its process lives
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+w.token)
	response, err := waiting.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer feedAnswer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answered %d: %w", response.StatusCode, err)
	}
	return answer.Next, nil
}

// subscribe reads server-sent events.
func (w benchWaiter) subscribe() error {
	request, err := http.NewRequest(http.MethodPost, w.base+"/graphql", strings.NewReader(`{"query":"subscription { events { sequence } }"}`)) //nolint:noctx // as above
	if err != nil {
		return err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}, "Accept": {"text/event-stream"}}
	response, err := waiting.Do(request)
	if err != nil {
		<-w.starting
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	begun := false
	for lines.Scan() {
		switch text := lines.Text(); {
		case !begun:
			begun = true
			<-w.starting
			w.say("waits 1")
		case strings.HasPrefix(text, "data: {\"data\""):
			w.told()
		case strings.HasPrefix(text, "data: {"):
			return fmt.Errorf("told %s", text)
		}
	}
	return fmt.Errorf("the stream ended: %w", lines.Err())
}
