// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"ininjo/poa"
)

// failure is what the page of an error shows.
type failure struct {
	Status int
	Code   poa.Code
	Faults poa.Faults
	// Reference is the request's ID, for a word with the service's staff.
	Reference string
	// Seconds is after how long to try again, Again the instant; zero where
	// nobody knows.
	Seconds int
	Again   time.Time
}

var statusOf = map[poa.Code]int{
	poa.CodeUnauthenticated:    http.StatusUnauthorized,
	poa.CodeForbidden:          http.StatusForbidden,
	poa.CodeNotFound:           http.StatusNotFound,
	poa.CodeBadUserInput:       http.StatusUnprocessableEntity,
	poa.CodeConflict:           http.StatusConflict,
	poa.CodeRateLimited:        http.StatusTooManyRequests,
	poa.CodeTooLarge:           http.StatusRequestEntityTooLarge,
	poa.CodeSigningUnavailable: http.StatusServiceUnavailable,
	poa.CodeUnavailable:        http.StatusServiceUnavailable,
}

// fail renders every error of every handler. What is not foreseen is whole in
// the log, under the route's pattern: paths may hold a link's token.
func (p *portal) fail(r *request, pattern string, err error) {
	code := poa.CodeOf(err)
	if code == poa.CodeUnauthenticated {
		_ = r.redirect(doorOf(r))
		return
	}
	status, known := statusOf[code]
	if !known {
		code, status = poa.CodeInternal, http.StatusInternalServerError
	}
	reference := r.w.Header().Get("X-Request-Id")
	if status >= http.StatusInternalServerError {
		p.Log.ErrorContext(r.Context(), "page failed", "route", pattern, "request", reference, "error", err)
	}
	faults, _ := faultsOf(err)
	r.w.Header().Set("Cache-Control", "no-store")
	r.w.Header().Del("Content-Disposition")
	view := failure{Status: status, Code: code, Faults: faults, Reference: reference}
	if seconds, err := strconv.Atoi(r.w.Header().Get("Retry-After")); err == nil {
		view.Seconds, view.Again = seconds, p.Clock.Now().Add(time.Duration(seconds)*time.Second)
	}
	if err := p.write(r, status, "failure", view, nil); err != nil {
		p.Log.ErrorContext(r.Context(), "error page failed", "route", pattern, "request", reference, "error", err)
		p.bare(r, status, reference)
	}
}

// barePage is the page where no page can be made: nothing of it can fail.
const barePage = `<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>エラー Error | %[1]s</title></head>
<body><main><h1>問題が起きました <span lang="en">Something went wrong</span></h1>
<p>時間をおいてお試しください。続くときは、次の番号を添えてお問い合わせください。<br><span lang="en">Please try again later. If it goes on, tell us this reference.</span></p>
<p><code>%[2]s</code></p><p><a href="/">トップページへ <span lang="en">To the top page</span></a></p></main></body></html>
`

func (p *portal) bare(r *request, status int, reference string) {
	r.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	r.w.WriteHeader(status)
	_, _ = fmt.Fprintf(r.w, barePage, html.EscapeString(p.Policy.ServiceName), html.EscapeString(reference)) // the caller may have gone away
}

// rescued turns a panic of a handler into the page of a fault; its kind and
// place stand in the log, its words do not: they may hold what was typed.
func (p *portal) rescued(r *request, pattern string) {
	switch cause := recover(); cause {
	case nil:
	case http.ErrAbortHandler: // this very value, as net/http compares it
		panic(cause)
	default:
		p.Log.ErrorContext(r.Context(), "panic", "route", pattern, "request", r.w.Header().Get("X-Request-Id"), "cause", fmt.Sprintf("%T", cause), "stack", places())
		p.fail(r, pattern, errors.New("a handler panicked"))
	}
}

// places are the functions on the stack, without what they were given.
func places() []string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	var all []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		all = append(all, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
	}
	return all
}

// crossSite answers a form that another site's page sent.
func (p *portal) crossSite(w http.ResponseWriter, hr *http.Request) {
	setHeaders(w.Header())
	r := p.request(w, hr)
	r.actor = poa.Anonymous(r.lang)
	p.fail(r, "another site's form", poa.ErrForbidden)
}

// doorOf is the sign-in page, or the page of whoever must add a second factor first.
func doorOf(r *request) string {
	if r.actor.Enrolling != "" {
		return enrolPath
	}
	return signInPath(r.Request)
}

// signInPath leads to the sign-in page and back to what was asked for.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// localPath keeps a redirect within the service.
func localPath(path string) (string, bool) {
	u, err := url.Parse(path)
	ok := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") &&
		!strings.ContainsAny(path, "\\\r\n\t") && !strings.HasPrefix(path, "/l/")
	return path, ok
}

func (p *portal) notFound(*request) error { return poa.ErrNotFound }
