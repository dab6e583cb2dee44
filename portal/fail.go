// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"
	"strings"

	"ininjo/poa"
)

// failure is what the page of an error shows.
type failure struct {
	Status int
	Code   poa.Code
	Faults poa.Faults
	// Reference is the request's ID, for a word with the service's staff.
	Reference string
	// Wait is after how many seconds to try again, empty where nobody knows.
	Wait string
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
	if err := p.write(r, status, "failure", failure{status, code, faults, reference, r.w.Header().Get("Retry-After")}, nil); err != nil {
		p.Log.ErrorContext(r.Context(), "error page failed", "route", pattern, "request", reference, "error", err)
		http.Error(r.w, p.Text(r.lang, string(code), nil), status)
	}
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
