// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/poatest"
)

// clerk is a person at the page.
type clerk struct {
	t       *testing.T
	origin  string
	base    string // with the path of the run
	address string
	http    *http.Client
	ended   chan error
}

// openClerk starts the page as the command does, and opens its address.
func openClerk(t *testing.T, c Command) *clerk {
	t.Helper()
	a := startPage(t, c)
	if status, page := a.enter(); status != 200 || !strings.Contains(page, "まだありません") {
		t.Fatalf("%d: %s", status, page)
	}
	return a
}

func startPage(t *testing.T, c Command) *clerk {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	c.NoBrowser, c.Slot = true, -1
	if c.Idle == 0 {
		c.Idle = time.Hour
	}
	go func() {
		ended <- c.Sign(ctx, Terminal{In: strings.NewReader(""), Out: writer, Err: io.Discard}, poatest.NewClock(instant))
		_ = writer.Close()
	}()
	a := clerkOf(t, reader)
	a.ended = ended
	t.Cleanup(func() {
		a.http.CloseIdleConnections()
		cancel()
		<-ended
	})
	return a
}

// clerkOf reads the address that a program prints.
func clerkOf(t *testing.T, printed io.Reader) *clerk {
	t.Helper()
	lines := bufio.NewScanner(printed)
	if !lines.Scan() {
		t.Fatal("no address was printed")
	}
	u, err := url.Parse(lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	root, _, _ := strings.Cut(lines.Text(), "/open/")
	return &clerk{t: t, address: lines.Text(), origin: "http://" + u.Host, base: root, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

var refresh = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]+)">`)

// enter opens the address and follows its page as a browser does.
func (a *clerk) enter() (int, string) {
	a.t.Helper()
	status, page := a.get(a.address)
	if match := refresh.FindStringSubmatch(page); match != nil {
		return a.get(a.origin + match[1])
	}
	return status, page
}

func (a *clerk) send(r *http.Request) (int, string) {
	a.t.Helper()
	response, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if response.Header.Get("Content-Security-Policy") != policy && response.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		a.t.Errorf("%s has the policy %q", r.URL.Path, response.Header.Get("Content-Security-Policy"))
	}
	return response.StatusCode, string(body)
}

func (a *clerk) get(path string) (int, string) {
	a.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = a.base + path
	}
	r, _ := http.NewRequestWithContext(a.t.Context(), http.MethodGet, path, nil)
	return a.send(r)
}

// part is a field of a form, or a file where it has a name.
type part struct{ field, name, value string }

func (a *clerk) request(path string, parts ...part) *http.Request {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		var field io.Writer
		if p.name == "" {
			field, _ = w.CreateFormField(p.field)
		} else {
			field, _ = w.CreateFormFile(p.field, p.name)
		}
		_, _ = io.WriteString(field, p.value)
	}
	_ = w.Close()
	r, _ := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.base+path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", a.origin)
	return r
}

func (a *clerk) post(path string, parts ...part) (int, string) {
	a.t.Helper()
	return a.send(a.request(path, parts...))
}

var pickBox = regexp.MustCompile(`name="draft" value="([0-9a-f]+)"`)

func picks(page string) (parts []part) {
	for _, match := range pickBox.FindAllStringSubmatch(page, -1) {
		parts = append(parts, part{"draft", "", match[1]})
	}
	return parts
}

func TestPageSignsUploads(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := openClerk(t, Command{})
	p12, err := os.ReadFile(d.p12)
	if err != nil {
		t.Fatal(err)
	}
	first := marshal(t, document.XML{}, firstID)
	_, page := a.post("/files", part{"files", "1.xml", string(first)}, part{"files", "同じ名.xml", string(marshal(t, document.XML{}, secondID))}, part{"files", "letter.txt", "I owe you everything"})
	for _, text := range []string{"署名するファイル：2 件", "申告及び納税 &lt;全て&gt;", "1件100万円まで", firstID, secondID, "署名を終えたファイル、署名できないファイル：1 件", "（記載なし）", "2026-11-01 10:30:00 JST"} {
		if !strings.Contains(page, text) {
			t.Errorf("%q is not shown", text)
		}
	}
	chosen := picks(page)
	status, page := a.post("/sign", append(chosen[:1:1], part{"method", "", "p12"}, part{"p12", "head.p12", string(p12)}, part{"secret", "", "false one"})...)
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, "head.p12 のパスワードが違います") || !strings.Contains(page, "選択済み：head.p12") || strings.Contains(page, "false one") ||
		strings.Count(page, `form="sign" checked`) != 1 || !strings.Contains(page, "<title>エラー：") {
		t.Errorf("%d: %s", status, page)
	}
	status, page = a.post("/sign", append(chosen, part{"method", "", "p12"}, part{"secret", "", password})...)
	if status != 200 || strings.Count(page, "署名しました") != 2 || !strings.Contains(page, "署名 2 件、署名済み 0 件、対象外 0 件、失敗 1 件") {
		t.Errorf("%d: %s", status, page)
	}
	_, file := a.get("/results/" + chosen[0].value)
	wantSigned(t, "1.xml", []byte(file), first, d.signer.Certificate)
	_, packed := a.get("/results/all.zip")
	archive, err := zip.NewReader(strings.NewReader(packed), int64(len(packed)))
	if err != nil || len(archive.File) != 2 || archive.File[1].Name != "同じ名.xml.p7m" || !archive.File[0].Modified.Equal(instant) {
		t.Errorf("the archive is %v, %v", archive, err)
	}
	// A second post signs nothing again.
	if status, page = a.post("/sign", append(chosen, part{"method", "", "p12"}, part{"secret", "", password})...); status != 422 || !strings.Contains(page, "1 件以上選んでください") {
		t.Errorf("%d: %s", status, page)
	}
	// What was signed can be had until the list is emptied, from the list as well.
	if _, page = a.get("/"); !strings.Contains(page, `/results/`+chosen[0].value+`"`) {
		t.Errorf("the list leads to no result: %s", page)
	}
	if _, page = a.get("/results"); !strings.Contains(page, "先に受け取ってください") {
		t.Error("nothing tells that the results will be gone")
	}
	if status, page = a.post("/clear"); status != 200 || !strings.Contains(page, "まだありません") {
		t.Errorf("%d: %s", status, page)
	}
	for _, path := range []string{"/results/" + chosen[0].value, "/results/all.zip", "/nowhere"} {
		if status, page = a.get(path); status != http.StatusNotFound || !strings.Contains(page, `<a href="`+strings.TrimPrefix(a.base, a.origin)+`/">署名の画面に戻る</a>`) {
			t.Errorf("%s: %d: %s", path, status, page)
		}
	}
	if status, page = a.post("/quit"); status != 200 || !strings.Contains(page, "終了しました") {
		t.Errorf("%d: %s", status, page)
	}
	err = <-a.ended
	a.ended <- err
	if err != nil {
		t.Errorf("the page ended with %v", err)
	}
}

func TestPageSignsAFolder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	inside := filepath.Join(d.dir, "委任状 2026")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, inside, "1.xml", marshal(t, document.XML{}, firstID))
	a := openClerk(t, Command{})
	if _, page := a.get("/language/en"); !strings.Contains(page, "Sign powers of attorney") {
		t.Error("the page is not in English")
	}
	if _, page := a.get("/folder?at=" + url.QueryEscape(d.dir)); !strings.Contains(page, "委任状 2026</a>") || strings.Contains(page, "Add all of this folder") {
		t.Errorf("the folder shows %s", page)
	}
	if _, page := a.get("/folder?at=" + url.QueryEscape(inside)); !strings.Contains(page, "Files that may be to sign: 1") {
		t.Errorf("the folder shows %s", page)
	}
	if status, page := a.get("/folder?at=" + url.QueryEscape(filepath.Join(d.dir, "none"))); status != 422 || !strings.Contains(page, "cannot be read") {
		t.Errorf("a folder that is not there: %d %s", status, page)
	}
	_, page := a.post("/folder", part{"at", "", inside})
	p12, _ := os.ReadFile(d.p12)
	_, page = a.post("/sign", append(picks(page), part{"method", "", "p12"}, part{"p12", "head.p12", string(p12)}, part{"secret", "", password})...)
	if !strings.Contains(page, "1 signed") || !there(filepath.Join(inside, "1.xml.p7m")) {
		t.Errorf("the results are %s", page)
	}
}

func TestPageKeepsStrangersOut(t *testing.T) {
	t.Parallel()
	a := startPage(t, Command{})
	stranger := &clerk{t: t, base: a.base, origin: a.origin, http: &http.Client{Timeout: 10 * time.Second}}
	if status, page := stranger.get("/"); status != http.StatusForbidden || strings.Contains(page, "<form") {
		t.Errorf("without the cookie: %d %s", status, page)
	}
	if status, _ := stranger.get("/open/" + strings.Repeat("0", 64)); status != http.StatusForbidden {
		t.Errorf("with another secret: %d", status)
	}
	if status, page := a.enter(); status != 200 || !strings.Contains(page, "まだありません") {
		t.Fatalf("the address answered %d", status)
	}
	if status, _ := stranger.get(a.address); status != http.StatusForbidden {
		t.Errorf("the address opened a second time: %d", status)
	}
	for name, change := range map[string]func(*http.Request){
		"no origin":        func(r *http.Request) { r.Header.Del("Origin") },
		"null origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
		"another origin":   func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another port":     func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"another site":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a name of theirs": func(r *http.Request) { r.Host = "rebound.example" },
		"localhost":        func(r *http.Request) { r.Host = strings.Replace(a.origin, "http://127.0.0.1", "localhost", 1) },
	} {
		for _, path := range []string{"/sign", "/files", "/folder", "/clear", "/quit"} {
			r := a.request(path)
			change(r)
			if status, _ := a.send(r); status != http.StatusForbidden && status != http.StatusMisdirectedRequest {
				t.Errorf("%s: %s answered %d", name, path, status)
			}
		}
	}
	for name, change := range map[string]func(*http.Request){
		"another origin":   func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another port":     func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"a name of theirs": func(r *http.Request) { r.Host = "rebound.example" },
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, a.base+"/folder?at=/", nil)
		change(r)
		if status, page := a.send(r); status != http.StatusForbidden && status != http.StatusMisdirectedRequest || strings.Contains(page, "<a ") {
			t.Errorf("%s: reading answered %d", name, status)
		}
	}
	for _, path := range []string{"/sign?method=p12", "/files", "/clear", "/quit"} {
		if status, page := a.get(path); status != 200 || !strings.Contains(page, "署名するファイルは、まだありません") {
			t.Errorf("GET %s answered %d", path, status)
		}
	}
	if status, page := a.post("/files", part{"files", "big.xml", strings.Repeat("x", maxForm)}); status != 422 || !strings.Contains(page, "64 MB") {
		t.Errorf("too much: %d", status)
	}
}

// TestPageIsBelowThePathOfItsRun: cookies are shared between ports, so that a server of another person on this machine
// would be sent the page's, did their path not stand between; and who has it has nothing without the path.
func TestPageIsBelowThePathOfItsRun(t *testing.T) {
	t.Parallel()
	a := openClerk(t, Command{})
	got := make(chan string, 10)
	neighbour := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Cookie") }))
	t.Cleanup(neighbour.Close)
	for _, path := range []string{"/", "/open/", "/" + strings.Repeat("0", 64) + "/"} {
		response, err := a.http.Get(neighbour.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if cookie := <-got; cookie != "" {
			t.Errorf("the neighbour's %s is sent %q", path, cookie)
		}
	}
	own, _ := url.Parse(a.base + "/")
	cookies := a.http.Jar.Cookies(own)
	if len(cookies) == 0 {
		t.Fatal("the page itself is sent no cookie")
	}
	for _, prefix := range []string{"", "/" + strings.Repeat("0", 64), strings.TrimPrefix(a.base, a.origin) + "0", "/open"} {
		for _, path := range []string{"", "/", "/folder?at=/", "/results", "/static/sign.css", "/open/" + a.address[len(a.address)-64:]} {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, a.origin+prefix+path, nil)
			for _, cookie := range cookies {
				r.AddCookie(cookie)
			}
			if status, page := a.send(r); status != http.StatusNotFound || page != "nothing is here\n" {
				t.Errorf("%s%s answered %d: %s", prefix, path, status, page)
			}
		}
	}
}

// TestPageCookieIsStrict: no script reads it, and no other site's link carries it.
func TestPageCookieIsStrict(t *testing.T) {
	t.Parallel()
	a := startPage(t, Command{})
	response, err := a.http.Get(a.address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	set := response.Cookies()
	if len(set) != 1 || !set[0].HttpOnly || set[0].SameSite != http.SameSiteStrictMode || a.origin+set[0].Path != a.base+"/" || set[0].Domain != "" {
		t.Errorf("the cookie is %+v", set)
	}
	// A browser that came from a file sends no strict cookie after a redirect.
	if response.StatusCode != http.StatusOK {
		t.Errorf("the address answered %d", response.StatusCode)
	}
}

func TestPageEndsWhenNobodyUsesIt(t *testing.T) {
	t.Parallel()
	a := startPage(t, Command{Idle: 200 * time.Millisecond})
	err := <-a.ended
	a.ended <- err
	if err != nil {
		t.Error(err)
	}
}
