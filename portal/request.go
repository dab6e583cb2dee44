// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ininjo/poa"
)

// maxForm bounds the body of a form without files, in bytes.
const maxForm = 512 << 10

// maxUpload bounds the body of a form with a signed file.
const maxUpload = poa.MaxFile + 64<<10

// request is one request on its way through a handler.
type request struct {
	*http.Request
	w     http.ResponseWriter
	lang  string
	actor poa.Actor
	// theme and utc are what the visitor chose for all pages.
	theme, utc string
}

// request begins one with what the visitor chose for all pages.
func (p *portal) request(w http.ResponseWriter, hr *http.Request) *request {
	return &request{Request: hr, w: w, lang: chooseLanguage(w, hr), theme: themePreference.choose(w, hr), utc: utcPreference.choose(w, hr)}
}

func (p *portal) handler(each route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		setHeaders(w.Header())
		r := p.request(w, hr)
		defer p.rescued(r, each.pattern)
		r.actor = poa.Anonymous(r.lang)
		if actor, ok := p.Session.Actor(hr.Context()); ok {
			r.actor = actor
			r.actor.Language = r.lang
		}
		if r.actor.Kind != poa.ActorAnonymous || strings.HasPrefix(each.pattern, "GET /l/") || hr.Method != http.MethodGet {
			w.Header().Set("Cache-Control", "no-store")
		}
		err := admit(p.whoMay(each.who), r.actor)
		if err == nil {
			err = p.tooEarly(r, each.pattern)
		}
		if err == nil {
			err = r.parse(each.pattern)
		}
		if err == nil {
			err = each.do(p, r)
		}
		if err != nil {
			p.fail(r, each.pattern, err)
		}
	})
}

// parse reads the form of a POST within its bound; files stay in memory.
func (r *request) parse(pattern string) error {
	if r.Method != http.MethodPost {
		return nil
	}
	bound := int64(maxForm)
	if strings.HasSuffix(pattern, "/file") || strings.HasSuffix(pattern, "/challenge/{id}") {
		bound = maxUpload
	}
	r.Body = http.MaxBytesReader(r.w, r.Body, bound)
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(bound)
	} else {
		err = r.ParseForm()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) && bound == maxUpload:
		return poa.Faults{{Code: poa.CodeFileTooLarge, Field: []string{"signedFile"}, Args: map[string]string{"bound": fmt.Sprint(poa.MaxFile >> 20)}}}
	case errors.As(err, &large):
		return &poa.Error{Code: poa.CodeTooLarge}
	case err != nil:
		return &poa.Error{Code: poa.CodeBadUserInput, Cause: errors.New("reading form")} // the text of err may hold what was typed
	}
	return nil
}

// text returns a field of the form, trimmed.
func (r *request) text(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }

// lines returns the lines of a field that are not empty.
func (r *request) lines(name string) []string {
	var lines []string
	for line := range strings.SplitSeq(r.PostForm.Get(name), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// date reads a day; one that does not exist becomes a fault of the field.
func (r *request) date(name string, faults *poa.Faults) poa.Date {
	text := r.text(name)
	if text == "" {
		return poa.Date{}
	}
	d, err := poa.ParseDate(text)
	if err != nil {
		faults.Add(poa.CodeInvalid, name)
	}
	return d
}

// key returns the form's idempotency key.
func (r *request) key() string { return r.PostForm.Get("idempotencyKey") }

// redirect answers 303, so that a reload does not repeat the act.
func (r *request) redirect(path string) error {
	r.w.Header().Set("Location", path)
	r.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// faultsOf returns the faults that a form can show, or false for any other error.
func faultsOf(err error) (poa.Faults, bool) {
	var faults poa.Faults
	return faults, errors.As(err, &faults)
}

// render writes a page. A form with faults makes it 422.
func (p *portal) render(r *request, view string, data any, forms ...*Form) error {
	status := http.StatusOK
	for _, f := range forms {
		if len(f.Faults) > 0 {
			status = http.StatusUnprocessableEntity
		}
	}
	return p.write(r, status, view, data, forms)
}

func (p *portal) write(r *request, status int, view string, data any, forms []*Form) error {
	page := p.page(r, view, data, forms)
	page.Troubled = p.troubled(r)
	var body bytes.Buffer
	if err := p.views.execute(&body, r.lang, view, page); err != nil {
		return fmt.Errorf("rendering %s: %w", view, err)
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", r.lang)
	h.Add("Vary", "Accept-Language, Cookie")
	r.w.WriteHeader(status)
	_, err := body.WriteTo(r.w)
	if err != nil {
		p.Log.DebugContext(r.Context(), "writing page", "view", view) // the caller went away
	}
	return nil
}

// attachment answers with a file to be kept.
func (r *request) attachment(name, mediaType string, content []byte) error {
	h := r.w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = r.w.Write(content) // the caller may have gone away
	return nil
}

// upload returns the bytes of a file field, empty where none was chosen.
func (r *request) upload(name string) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	file, err := r.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, fmt.Errorf("opening upload: %w", err)
	}
	defer file.Close()
	var content bytes.Buffer
	if _, err := content.ReadFrom(file); err != nil {
		return nil, fmt.Errorf("reading upload: %w", err)
	}
	return content.Bytes(), nil
}

// pageOf reads the place in a list from the query.
func (r *request) pageOf() poa.Page {
	q := r.URL.Query()
	if before := q.Get("before"); before != "" {
		return poa.Page{Last: pageSize, Before: before}
	}
	return poa.Page{First: pageSize, After: q.Get("after")}
}

// with returns the request's path with its query, name set to value.
func (r *request) with(name, value string, without ...string) string {
	q := r.URL.Query()
	for key := range q {
		if slices.Contains(without, key) {
			q.Del(key)
		}
	}
	q.Set(name, value)
	return (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
}
