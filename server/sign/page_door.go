// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// policy lets the page load its own style sheet and mark, and nothing else: it has no script.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// handler is all routes behind the door.
func (p *page) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /open/{secret}", p.enter)
	mux.HandleFunc("GET /static/{file}", asset)
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /{$}":             p.home,
		"POST /files":          p.addFiles,
		"GET /folder":          p.browseFolder,
		"POST /folder":         p.takeFolder,
		"POST /clear":          p.clear,
		"POST /sign":           func(w http.ResponseWriter, r *http.Request) { p.sign(ctx, w, r) },
		"GET /results":         p.results,
		"GET /results/all.zip": p.downloadAll,
		"GET /results/{id}":    p.download,
		"GET /language/{lang}": p.language,
		"POST /quit":           p.quit,
		"GET /":                p.absent,
	} {
		mux.Handle(pattern, p.known(handle))
	}
	// A refused form is shown under its own address: who loads that anew gets the page, and changes nothing.
	for _, form := range []string{"/files", "/clear", "/sign", "/quit"} {
		mux.Handle("GET "+form, p.known(func(w http.ResponseWriter, r *http.Request) { p.goTo(w, r, "/") }))
	}
	return p.door(p.below(mux))
}

// below answers under the path of this run alone. Cookies are shared between the ports of a host: only their path
// keeps the page's from the servers of this machine's other people, and nobody else knows it.
func (p *page) below(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		run, _, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !found || !same(run, p.prefix) {
			http.Error(w, "nothing is here", http.StatusNotFound)
			return
		}
		http.StripPrefix(p.root(), next).ServeHTTP(w, r)
	})
}

// root is the path that every address of this run begins with.
func (p *page) root() string { return "/" + p.prefix }

// goTo leads on to a path of the page.
func (p *page) goTo(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, p.root()+path, http.StatusSeeOther)
}

// remember keeps a value for the paths of this run.
func (p *page) remember(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: p.root() + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// door answers to the page's own name and address only, so that no other site reaches it by a name of its own that
// leads here, and takes posts, and whatever tells an origin, from its own pages only.
func (p *page) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		site := r.Header.Get("Sec-Fetch-Site")
		origin, own := r.Header.Get("Origin"), "http://"+p.host
		post := r.Method != http.MethodGet && r.Method != http.MethodHead
		switch {
		case r.Host != p.host:
			http.Error(w, "not this host", http.StatusMisdirectedRequest)
		case origin != own && (post || origin != "") || post && site != "" && site != "same-origin":
			http.Error(w, "not from this page", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// known wants the cookie that the address was traded for.
func (p *page) known(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.knows(r) {
			p.render(w, http.StatusForbidden, "closed", view{Texts: p.texts(r), Title: "closed.title", Key: "closed.used"})
			return
		}
		p.idle.Reset(p.command.Idle)
		next(w, r)
	})
}

func (p *page) knows(r *http.Request) bool {
	cookie, err := r.Cookie(p.cookieName())
	return err == nil && same(cookie.Value, p.cookie)
}

// cookieName holds the port: cookies are shared between the ports of a host.
func (p *page) cookieName() string {
	_, port, _ := net.SplitHostPort(p.host)
	return "ininjo_sign_" + port
}

// enter trades the secret for the cookie, once, and leads on by a page of its own: a browser that came from a file
// would not send a strict cookie after a redirect.
func (p *page) enter(w http.ResponseWriter, r *http.Request) {
	if !p.knows(r) {
		if !same(r.PathValue("secret"), p.secret) || !p.opened.CompareAndSwap(false, true) {
			p.render(w, http.StatusForbidden, "closed", view{Texts: p.texts(r), Title: "closed.title", Key: "closed.used"})
			return
		}
		p.remember(w, p.cookieName(), p.cookie)
		p.removeOpener()
	}
	p.render(w, http.StatusOK, "enter", view{Texts: p.texts(r), Title: "home.title"})
}

// language keeps the choice of a language.
func (p *page) language(w http.ResponseWriter, r *http.Request) {
	if lang := r.PathValue("lang"); lang == "ja" || lang == "en" {
		p.remember(w, p.cookieName()+"_language", lang)
	}
	p.goTo(w, r, "/")
}

// texts is Japanese unless English was chosen.
func (p *page) texts(r *http.Request) Texts {
	if cookie, err := r.Cookie(p.cookieName() + "_language"); err == nil && cookie.Value == "en" {
		return "en"
	}
	return "ja"
}

// quit ends the page a moment after its answer, so that the browser still gets what that answer is drawn with.
func (p *page) quit(w http.ResponseWriter, r *http.Request) {
	p.render(w, http.StatusOK, "closed", view{Texts: p.texts(r), Title: "closed.title", Key: "closed.ended"})
	time.AfterFunc(time.Second, p.end)
}

// asset serves the style sheet and the mark, which are no secret; the browser may keep them for the page's life.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeFileFS(w, r, static, "static/"+r.PathValue("file"))
}
