// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/portal/webtest"
)

// signURL serves the scenarios: it signs what is posted, as somebody of the
// test.
func (w *world) signURL() string {
	names := map[string]string{"signer": "signer", "delegate": "deputy"}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, "reading", http.StatusBadRequest)
			return
		}
		who, known := w.signers[names[r.URL.Query().Get("as")]]
		if !known {
			http.Error(rw, "nobody", http.StatusNotFound)
			return
		}
		signed, err := who.SignDrafted(content)
		if err != nil {
			http.Error(rw, "signing", http.StatusInternalServerError)
			return
		}
		_, _ = rw.Write(signed)
	}))
	w.tb.Cleanup(server.Close)
	return server.URL
}

var (
	drafted = regexp.MustCompile(`delegation (\S+)`)
	asked   = regexp.MustCompile(`change (chg_\S+)`)
)

// TestInABrowser lives through the main job in Chromium, with script and
// without: every page is looked at by axe, and none complains. With script the
// certificate's characters leave the filing to a person; without, the machine
// accepts it.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"1", "0"} {
		t.Run("script "+script, func(t *testing.T) {
			t.Parallel()
			newWorld(t).live(t, script)
		})
	}
}

func (w *world) live(t *testing.T, script string) {
	base := map[string]string{"BASE_URL": w.url, "SIGN_URL": w.signURL(), "PASSWORD": password, "JS": script, "SCREENSHOT_DIR": os.Getenv("SCREENSHOT_DIR")}
	run := func(name string, env map[string]string) string {
		t.Helper()
		all := maps.Clone(base)
		maps.Copy(all, env)
		return webtest.Node(t, "browser/"+name+".mjs", all)
	}
	says, err := json.Marshal(map[string]string{"documentDate": "2026-05-20", "corporateNumber": "2040001999902", "name": "株式会社見本", "address": "千葉県千葉市美浜区中瀬２－６－１",
		"representativeTitle": "代表取締役", "representativeName": "山田 太郎", "representativeAddress": signer.Address})
	must(t, err)
	reception := map[string]string{"EMAIL": "reception@ininjo.example", "CODE": w.codes["reception@ininjo.example"], "SAYS": string(says), "WHAT": "application"}
	for role, email := range map[string]string{"delegator": delegatorEmail, "recipient": recipientEmail} {
		run("recipient", map[string]string{"EMAIL": email, "ROLE": role, "REPRESENTATIVE": "山田 太郎", "HOME_ADDRESS": signer.Address})
		token := w.link(email, poa.MailApplicationReceived)[len("/l/"):]
		must(t, w.enrollment.SetPassword(t.Context(), poa.Anonymous("ja"), poa.SetPasswordInput{Token: token, Password: password}))
		reception["PARTY_ROLE"] = role
		if role == "recipient" { // with one question in between
			reception["WHAT"] = "question"
			run("reception", reception)
			run("application", map[string]string{"EMAIL": email, "WHAT": "answer"})
		}
		reception["WHAT"] = "application"
		run("reception", reception)
	}
	match := asked.FindStringSubmatch(run("application", map[string]string{"EMAIL": recipientEmail, "WHAT": "change"}))
	if match == nil {
		t.Fatal("the recipient's scenario named no change")
	}
	reception["WHAT"], reception["CHANGE"] = "change", match[1]
	run("reception", reception)
	delegator := map[string]string{"EMAIL": delegatorEmail, "DELEGATE_NAME": "佐藤 花子", "DELEGATE_EMAIL": delegateEmail, "VALID_THROUGH": "2027-05-31"}
	w.authority.says(jpki.Good)
	exact := script == "0"
	if exact {
		delegator["ACCEPTED"] = "1"
	} else {
		w.signers["signer"], reception["DIFFERS"] = w.vague(), "（代替文字）"
	}
	match = drafted.FindStringSubmatch(run("delegator", delegator))
	if match == nil {
		t.Fatal("the delegator's scenario named no delegation")
	}
	run("delegate", map[string]string{"LINK": w.link(delegateEmail, poa.MailDelegateLink)})
	delegator["DELEGATION_ID"], reception["DELEGATION_ID"], reception["WHAT"] = match[1], match[1], "filing"
	run("delegator", delegator)
	if !exact {
		run("reception", reception)
	}
	run("check", map[string]string{"EMAIL": recipientEmail, "DELEGATION_ID": match[1]})
}
