// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/portal/webtest"
)

// TestMainJobInABrowser lives through the main job in Chromium on the whole
// service, with script and without: registration, confirmation, draft,
// challenge, filing, acceptance, question. Links come from the mail.
func TestMainJobInABrowser(t *testing.T) {
	t.Parallel()
	for script, name := range map[string]string{"1": "with script", "0": "without script"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pictures := os.Getenv("SCREENSHOT_DIR")
			if pictures == "" {
				pictures = t.TempDir()
			}
			o := openOffice(t)
			b := &browser{office: o, base: map[string]string{"BASE_URL": o.base, "SIGN_URL": signing(t, o), "JS": script, "SCREENSHOT_DIR": pictures}}
			b.register("delegator", company, signer)
			b.register("recipient", company, signer)
			b.fileAndAsk()
			if made, err := os.ReadDir(pictures); err != nil || len(made) < 20 {
				t.Errorf("%d pictures were taken, %v", len(made), err)
			}
			if strings.Contains(o.log.String(), `"level":"ERROR"`) {
				t.Errorf("the log says %s", o.log.tail())
			}
		})
	}
}

// browser runs scenarios on an office.
type browser struct {
	*office
	base map[string]string
}

// signing serves the scenarios: it signs what is posted with the test
// authority's keys, as a card would.
func signing(t *testing.T, o *office) string {
	t.Helper()
	cards := map[string]*poatest.Signer{"signer": o.signer, "delegate": o.deputy}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		card := cards[r.URL.Query().Get("as")]
		if err != nil || card == nil {
			http.Error(w, "nobody", http.StatusNotFound)
			return
		}
		signed, err := card.SignDrafted(content)
		if err != nil {
			http.Error(w, "signing", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(signed)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// run runs one scenario as whoever has the address; none without one.
func (b *browser) run(name, email string, env map[string]string) string {
	b.t.Helper()
	all := maps.Clone(b.base)
	maps.Copy(all, env)
	all["EMAIL"] = email
	if email != "" {
		all["PASSWORD"], all["CODE"] = b.logins[email].Password, b.code(email)
	}
	return webtest.Node(b.t, "browser/"+name+".mjs", all)
}

// register applies, sets the password by the link in the mail, and lets
// reception confirm and accept.
func (b *browser) register(role, name string, head poatest.Person) {
	b.t.Helper()
	email := mailOf(role)
	b.run("recipient", email, map[string]string{"ROLE": role, "NAME": name, "ADDRESS": companyAddress, "REPRESENTATIVE": head.Name, "HOME_ADDRESS": head.Address, "CORPORATE_NUMBER": companyNumber})
	b.must(b.enter(b.t.Context(), email))
	says, err := json.Marshal(map[string]string{"documentDate": poa.DateOf(b.clock.Now()).AddDays(-7).String(), "corporateNumber": companyNumber, "name": name, "address": companyAddress,
		"representativeTitle": "代表取締役", "representativeName": head.Name, "representativeAddress": head.Address})
	b.must(err)
	b.run("reception", mailOf("reception"), map[string]string{"WHAT": "application", "PARTY_ROLE": role, "SAYS": string(says)})
}

var draftedID = regexp.MustCompile(`delegation (\S+)`)

// fileAndAsk drafts, hands in, files, accepts and asks.
func (b *browser) fileAndAsk() {
	b.t.Helper()
	env := map[string]string{"DELEGATE_NAME": deputy.Name, "DELEGATE_EMAIL": mailOf("delegate"), "VALID_THROUGH": poa.DateOf(b.clock.Now()).AddDays(180).String()}
	match := draftedID.FindStringSubmatch(b.run("delegator", mailOf("delegator"), env))
	if match == nil {
		b.t.Fatal("the delegator's scenario named no delegation")
	}
	id := match[1]
	mail, err := b.mailbox.next(b.t.Context(), mailOf("delegate"), func(r received) bool { return strings.Contains(r.text, id) })
	b.must(err)
	b.run("delegate", "", map[string]string{"LINK": "/l/" + mail.link()})
	env["DELEGATION_ID"] = id
	b.run("delegator", mailOf("delegator"), env)
	b.run("reception", mailOf("reception"), map[string]string{"WHAT": "filing", "DELEGATION_ID": id})
	b.run("check", mailOf("recipient"), map[string]string{"DELEGATION_ID": id})
}
