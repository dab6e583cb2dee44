// SPDX-License-Identifier: Apache-2.0

package webtest_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ininjo/portal/webtest"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

var goodPage = template.Must(template.New("good").Parse(`<!doctype html><html lang="ja"><meta charset="utf-8"><title>見本</title>
<main><h1>見本</h1><p id="script">script did not run</p>{{with .Answer}}<p>{{.}}</p>{{end}}
<form method="post"><label>名称 <input name="name"></label>
<label>種別 <select name="kind"><option value="sole">個人</option><option value="corporation">法人</option></select></label>
<label><input type="checkbox" name="consent" value="yes"> 同意</label><button>送信</button></form></main><script src="/good.js"></script></html>`))

const badPage = `<!doctype html><html lang="ja"><meta charset="utf-8"><title>見本</title><main><h1>見本</h1><input name="nolabel"></main>
<img src="http://127.0.0.1:1/elsewhere.png" alt=""><script>document.title = "inline"</script></html>`

func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		var answer string
		if r.Method == http.MethodPost {
			answer = r.PostFormValue("name") + " " + r.PostFormValue("kind") + " " + r.PostFormValue("consent")
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_ = goodPage.Execute(w, map[string]string{"Answer": answer})
	})
	mux.HandleFunc("/good.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`document.getElementById("script").textContent = "script ran";`))
	})
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(badPage)) })
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		mux.ServeHTTP(w, r)
	})
}

func TestHarness(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(pages())
	t.Cleanup(server.Close)
	output := webtest.Node(t, "browser/selftest.mjs", map[string]string{"BASE_URL": server.URL})
	if got := strings.Count(output, "ok "); got != 3 {
		t.Errorf("the harness passed %d of its 3 scenarios:\n%s", got, output)
	}
}
