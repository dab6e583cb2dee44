// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"bytes"
	"html"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// visitor is a browser without script: it follows links and redirects, and
// sends the forms that a page shows with what the page put into them.
type visitor struct {
	*world
	client *http.Client
	lang   string
}

// shown is a page as the visitor sees it.
type shown struct {
	status int
	path   string
	header http.Header
	body   string
}

func (w *world) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	must(w.tb, err)
	return &visitor{world: w, client: &http.Client{Jar: jar}, lang: "ja"}
}

func (v *visitor) do(request *http.Request) shown {
	v.tb.Helper()
	request.Header.Set("Accept-Language", v.lang)
	if _, set := request.Header["Sec-Fetch-Site"]; !set {
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	response, err := v.client.Do(request)
	must(v.tb, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(v.tb, err)
	page := shown{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(body)}
	if strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		for _, fault := range faultsOfPage(page.body) {
			v.tb.Errorf("%s %s: %s", request.Method, page.path, fault)
		}
	}
	return page
}

func (v *visitor) open(path string, status int) shown {
	v.tb.Helper()
	request, err := http.NewRequestWithContext(v.tb.Context(), http.MethodGet, v.url+path, nil)
	must(v.tb, err)
	page := v.do(request)
	if page.status != status {
		v.tb.Fatalf("GET %s answered %d, not %d:\n%s\n%s", path, page.status, status, text(page.body), v.log)
	}
	return page
}

var (
	formElement = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	inputField  = regexp.MustCompile(`<input([^>]*)>`)
	nameOf      = regexp.MustCompile(`\sname="([^"]*)"`)
	valueOf     = regexp.MustCompile(`\svalue="([^"]*)"`)
	typeOf      = regexp.MustCompile(`type="([^"]*)"`)
	askedFor    = regexp.MustCompile(`確認のため「([^<]*)」`)
	areaField   = regexp.MustCompile(`(?s)<textarea[^>]*\sname="([^"]*)"[^>]*>\n?(.*?)</textarea>`)
)

// values are what the form with the action holds as the page shows it.
func (p shown) values(action string) (url.Values, bool) {
	for _, form := range formElement.FindAllStringSubmatch(p.body, -1) {
		if html.UnescapeString(form[1]) != action {
			continue
		}
		values := url.Values{}
		for _, input := range inputField.FindAllStringSubmatch(form[2], -1) {
			name, kind := group(nameOf, input[1]), group(typeOf, input[1])
			if name == "" || kind == "file" || (kind == "checkbox" || kind == "radio") && !strings.Contains(input[1], " checked") {
				continue
			}
			values.Add(name, group(valueOf, input[1]))
		}
		for _, area := range areaField.FindAllStringSubmatch(form[2], -1) {
			values.Set(area[1], html.UnescapeString(area[2]))
		}
		return values, true
	}
	return nil, false
}

func group(pattern *regexp.Regexp, text string) string {
	if match := pattern.FindStringSubmatch(text); match != nil {
		return html.UnescapeString(match[1])
	}
	return ""
}

// submit sends the page's form with the action, with the fields given on top.
func (v *visitor) submit(page shown, action string, fields url.Values, status int) shown {
	v.tb.Helper()
	values, ok := page.values(action)
	if !ok {
		v.tb.Fatalf("%s has no form with the action %s:\n%s", page.path, action, text(page.body))
	}
	if words := askedFor.FindStringSubmatch(page.body); words != nil && values.Has("confirmation") {
		values.Set("confirmation", html.UnescapeString(words[1])) // a person types what the page asks for
	}
	maps.Copy(values, fields)
	request, err := http.NewRequestWithContext(v.tb.Context(), http.MethodPost, v.url+action, strings.NewReader(values.Encode()))
	must(v.tb, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.want(request, status)
}

// upload sends the page's form with a file.
func (v *visitor) upload(page shown, action string, file []byte, status int) shown {
	v.tb.Helper()
	values, ok := page.values(action)
	if !ok {
		v.tb.Fatalf("%s has no form with the action %s", page.path, action)
	}
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for name := range values {
		must(v.tb, writer.WriteField(name, values.Get(name)))
	}
	part, err := writer.CreateFormFile("signedFile", "signed.p7s")
	must(v.tb, err)
	_, err = part.Write(file)
	must(v.tb, err)
	must(v.tb, writer.Close())
	request, err := http.NewRequestWithContext(v.tb.Context(), http.MethodPost, v.url+action, &body)
	must(v.tb, err)
	request.Header.Set("Content-Type", writer.FormDataContentType())
	return v.want(request, status)
}

func (v *visitor) want(request *http.Request, status int) shown {
	v.tb.Helper()
	page := v.do(request)
	if page.status != status {
		v.tb.Fatalf("%s %s answered %d, not %d:\n%s\n%s", request.Method, request.URL.Path, page.status, status, text(page.body), v.log)
	}
	return page
}

func (v *visitor) sees(page shown, wanted ...string) {
	v.tb.Helper()
	for _, each := range wanted {
		if !strings.Contains(html.UnescapeString(page.body), each) {
			v.tb.Errorf("%s does not show %q:\n%s", page.path, each, text(page.body))
		}
	}
}

var (
	tag   = regexp.MustCompile(`<[^>]*>`)
	blank = regexp.MustCompile(`\s+`)
)

// text is the page without its tags, for what a failing test says.
func text(body string) string {
	return strings.TrimSpace(blank.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(body, " ")), " "))
}

// signIn signs in; staff with a second factor.
func (v *visitor) signIn(email string) shown {
	v.tb.Helper()
	return v.submit(v.open("/sign-in", 200), "/sign-in", url.Values{"email": {email}, "password": {password}, "code": {v.codes[email]}}, 200)
}
