// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
)

//go:embed static/*.css static/*.js static/*.svg static/*.txt
var static embed.FS

// asset returns the address of a file under static/ with its digest: browsers
// keep it for as long as it is the same.
func asset(name string) (string, error) {
	content, err := static.ReadFile("static/" + name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return "/static/" + name + "?v=" + hex.EncodeToString(sum[:6]), nil
}

func staticFiles() http.Handler {
	files := http.FileServerFS(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/static/")
		current, err := asset(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		setHeaders(w.Header())
		if "/static/"+name+"?"+r.URL.RawQuery == current {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}

func (p *portal) favicon(r *request) error { return r.redirect("/static/favicon.svg") }
