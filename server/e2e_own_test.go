// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRecipientsOwnInABrowser lives through what a recipient manages itself in
// Chromium on the whole service, with script and without: from sign-in to a
// verified webhook at a real receiver, a token rotated, a check with a file
// dropped, the answer on paper, addresses.
func TestRecipientsOwnInABrowser(t *testing.T) {
	t.Parallel()
	var hooks atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil || r.Header.Get("Webhook-Signature") == "" {
			http.Error(w, "no webhook", http.StatusBadRequest)
			return
		}
		hooks.Add(1)
		_, _ = io.WriteString(w, "received <b>\x1b[31m</b>")
	}))
	t.Cleanup(receiver.Close)
	o := emptyOffice(t)
	o.start(func(c *Config) { c.WebhookAllow = append(c.WebhookAllow, strings.TrimPrefix(receiver.URL, "http://")) })
	o.appoint()
	o.enroll()
	made := o.files(o.demo, "own")
	pictures := os.Getenv("SCREENSHOT_DIR")
	if pictures == "" {
		pictures = t.TempDir()
	}
	for script, name := range map[string]string{"1": "with script", "0": "without script"} {
		t.Run(name, func(t *testing.T) {
			b := &browser{office: o, base: map[string]string{"BASE_URL": o.base, "JS": script, "SCREENSHOT_DIR": pictures, "DELEGATION_ID": made.id, "HOOK_URL": receiver.URL + "/" + script}}
			b.run("own", mailOf("recipient"), nil)
		})
	}
	if got := hooks.Load(); got < 4 {
		t.Errorf("%d webhooks arrived", got)
	}
	if strings.Contains(o.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log says %s", o.log.tail())
	}
}

// TestOneClickUnsubscribes takes the link out of the header of a real mail and
// posts it from elsewhere, as a mail program does (RFC 8058).
func TestOneClickUnsubscribes(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.enroll()
	made := o.files(o.demo, "one click")
	o.watch("recipient", made.id)
	o.revokes(o.delegator, made.id)
	mail, err := o.mailbox.next(t.Context(), mailOf("recipient"), func(r received) bool { return strings.Contains(r.text, made.id) && strings.Contains(r.text, "失効") })
	o.must(err)
	link := strings.Trim(mail.header.Get("List-Unsubscribe"), "<>")
	if mail.header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, o.base+"/unsubscribe/") {
		t.Fatalf("the headers are %q and %q", mail.header.Get("List-Unsubscribe"), mail.header.Get("List-Unsubscribe-Post"))
	}
	path := strings.TrimPrefix(link, o.base)
	page := get(t, o.anyone, path, nil)
	if page.status != http.StatusOK || !strings.Contains(string(page.body), "配信を停止する") {
		t.Errorf("the page answered %d", page.status)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://mail.example"}, "Sec-Fetch-Site": {"cross-site"}}
	if got := do(t, o.anyone, http.MethodPost, path, header, url.Values{"List-Unsubscribe": {"One-Click"}}.Encode()); got.status != http.StatusOK {
		t.Errorf("one click answered %d", got.status)
	}
	other := o.files(o.demo, "second")
	o.watch("recipient", other.id)
	o.revokes(o.delegator, other.id)
	o.idle()
	o.noMailAbout(mailOf("recipient"), other.id)
}
