// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

const (
	// statusListFile is the key of status lists in --keys.
	statusListFile = "statuslist.pem"
	// keptLists bounds the memory that lists take in a process, at most half a MiB
	// each.
	keptLists = 32
)

// equipStatusLists registers the key of status lists and hands it to the rules.
func (s *service) equipStatusLists(ctx context.Context) error {
	if s.chapters.lists.Mode() == poa.StatusListsOff {
		return nil
	}
	keys, err := s.openPurpose(ctx, purposeKey{file: statusListFile, places: s.config.StatusListKeys, purpose: receipt.TypStatusList, what: "status lists", off: "--status-lists=off"})
	if err == nil && keys != nil {
		s.chapters.lists.SignWith(keys)
	}
	return err
}

// listPublisher publishes lists as long as the machine's clock is right: by a wrong
// one what begins and ends by itself would turn too early.
type listPublisher struct {
	service *service
	// looked is when it last found everything published, in seconds since 1970.
	looked atomic.Int64
}

// Publish publishes the lists that are due.
func (p *listPublisher) Publish(ctx context.Context) (int, error) {
	s := p.service
	difference, err := s.db.Ready(ctx, s.machine)
	if err != nil {
		return 0, fmt.Errorf("asking for the database's clock: %w", err)
	}
	if difference.Abs() > maxClockDifference {
		return 0, errors.New("the machine's clock and the database's differ")
	}
	published, err := s.chapters.lists.Publish(ctx)
	if err == nil {
		p.looked.Store(s.machine.Now().Unix())
		s.metrics.listsPublished.Add(float64(published))
	}
	return published, err
}

// watch shows how long ago this process last found everything published, by itself
// or by another; -1 where it never did.
func (p *listPublisher) watch() {
	p.service.metrics.gauge("ininjo_status_lists_checked_seconds", "Seconds since this process last found every status list published; over 60 is an alert.", func() float64 {
		looked := p.looked.Load()
		if looked == 0 {
			return -1
		}
		return p.service.machine.Now().Sub(time.Unix(looked, 0)).Seconds()
	})
}

// keptList is a published list as it is sent.
type keptList struct {
	version  int64
	etag     string
	issuedAt time.Time
	token    []byte
}

// listDesk hands out status lists. Which version is published is asked for at each
// request: after somebody was handed one, nobody is handed an older one, by
// whichever process. Which entry a reader wants it never learns.
type listDesk struct {
	*service
	kept *lru.Cache[int, keptList]
}

// statusLists serves the lists and their addresses.
func (s *service) statusLists(mux *http.ServeMux, often *throttle) error {
	kept, err := lru.New[int, keptList](keptLists)
	if err != nil {
		return fmt.Errorf("keeping status lists: %w", err)
	}
	desk := &listDesk{s, kept}
	serve := func(answer func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				s.refuseList(w, r, http.StatusMethodNotAllowed, poa.CodeBadUserInput)
				return
			}
			if s.chapters.lists.Mode() == poa.StatusListsPublic || r.Header.Get("Authorization") == "" {
				if d := often.wait(r); d > 0 {
					s.tooOften(w, r, d)
					return
				}
			}
			if err := answer(w, r); err != nil {
				s.refuseListFor(w, r, err)
			}
		}
	}
	mux.HandleFunc("/status-lists", serve(desk.aggregation))
	mux.HandleFunc("/status-lists/{list}", serve(desk.list))
	return nil
}

// reader is who reads. Public lists are the same to everybody, whatever they bring.
func (d *listDesk) reader(r *http.Request) (poa.Actor, poa.TokenScope, error) {
	if d.chapters.lists.Mode() != poa.StatusListsRegistered {
		return poa.Anonymous(languageFrom(r.Context())), "", nil
	}
	return d.actors.actor(r.Context())
}

// list sends one list.
func (d *listDesk) list(w http.ResponseWriter, r *http.Request) error {
	number, err := strconv.Atoi(r.PathValue("list"))
	if err != nil || number < 0 || strconv.Itoa(number) != r.PathValue("list") || number > 1<<20 {
		return poa.ErrNotFound
	}
	actor, scope, err := d.reader(r)
	if err != nil {
		return err
	}
	version, err := d.chapters.lists.Version(r.Context(), actor, scope, number)
	if err != nil {
		return err
	}
	switch {
	case r.URL.Query().Has("time"): // the draft's historical resolution, which there is none of
		d.refuseList(w, r, http.StatusNotImplemented, poa.CodeBadUserInput)
		return nil
	case r.URL.RawQuery != "":
		return &poa.Error{Code: poa.CodeBadUserInput}
	case !accepts(r.Header.Values("Accept"), statuslist.MediaType):
		d.refuseList(w, r, http.StatusNotAcceptable, poa.CodeBadUserInput)
		return nil
	}
	kept, err := d.of(r.Context(), number, version)
	if err != nil {
		return err
	}
	d.cacheable(w)
	w.Header().Set("Content-Type", statuslist.MediaType)
	w.Header().Set("ETag", kept.etag)
	http.ServeContent(w, r, "", kept.issuedAt, bytes.NewReader(kept.token))
	return nil
}

// cacheable says who may keep a copy, and for how long it is fresh.
func (d *listDesk) cacheable(w http.ResponseWriter) {
	who := "private"
	if d.chapters.lists.Mode() == poa.StatusListsPublic {
		who = "public"
	}
	w.Header().Set("Cache-Control", fmt.Sprintf("%s, max-age=%d", who, int(d.chapters.lists.Fresh().Seconds())))
	w.Header().Add("Vary", "Accept, Authorization")
}

// of is a list of the version, or of one that was published since.
func (d *listDesk) of(ctx context.Context, number int, version int64) (keptList, error) {
	if kept, ok := d.kept.Get(number); ok && kept.version >= version {
		return kept, nil
	}
	token, err := d.chapters.lists.Token(ctx, number, version)
	if err != nil {
		return keptList{}, err
	}
	sum := sha256.Sum256([]byte(token.Token))
	fresh := keptList{version: token.Version, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, issuedAt: token.IssuedAt, token: []byte(token.Token)}
	d.kept.Add(number, fresh)
	return fresh, nil
}

// aggregation sends the addresses of all lists.
func (d *listDesk) aggregation(w http.ResponseWriter, r *http.Request) error {
	actor, scope, err := d.reader(r)
	if err != nil {
		return err
	}
	uris, err := d.chapters.lists.URIs(r.Context(), actor, scope)
	switch {
	case err != nil:
		return err
	case r.URL.RawQuery != "":
		return &poa.Error{Code: poa.CodeBadUserInput}
	}
	d.cacheable(w)
	writeFeed(w, http.StatusOK, struct {
		StatusLists []string `json:"status_lists"`
	}{uris})
	return nil
}

// accepts reports whether Accept takes a media type: where there is none, anything.
func accepts(headers []string, wanted string) bool {
	ranges := strings.Split(strings.Join(headers, ","), ",")
	if len(headers) == 0 {
		return true
	}
	taken, specific := false, -1
	kind, _, _ := strings.Cut(wanted, "/")
	for _, each := range ranges {
		name, parameters, err := mime.ParseMediaType(each)
		rank := map[string]int{"*/*": 0, kind + "/*": 1, wanted: 2}
		if place, fits := rank[name]; err == nil && fits && place >= specific {
			quality, err := strconv.ParseFloat(parameters["q"], 64)
			taken, specific = err != nil || quality > 0, place
		}
	}
	return taken
}

// refuseListFor writes why there is no list.
func (s *service) refuseListFor(w http.ResponseWriter, r *http.Request, err error) {
	code := poa.CodeOf(err)
	status, known := feedStatus[code]
	switch {
	case code == poa.CodeNotFound:
		status = http.StatusNotFound
	case !known:
		code, status = poa.CodeInternal, http.StatusInternalServerError
	}
	if status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "status list failed", "request", requestIDFrom(r.Context()), "error", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	s.refuseList(w, r, status, code)
}

func (s *service) refuseList(w http.ResponseWriter, r *http.Request, status int, code poa.Code) {
	s.refuseFeed(w, r, poa.FeedSlice{}, status, &poa.Error{Code: code})
}
