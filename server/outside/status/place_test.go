// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/server/outside/status"
)

var pin = strings.Repeat("ab", 32)

func TestParsePlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, fails string
		want        status.Place
	}{
		"a file":                   {text: pin + "=crl:/etc/ininjo/list.crl", want: status.Place{Kind: status.CRL, File: "/etc/ininjo/list.crl"}},
		"a file with = and colons": {text: pin + "=crl:a=b:c+d", want: status.Place{Kind: status.CRL, File: "a=b:c+d"}},
		"a list over HTTPS":        {text: pin + "=crl+https://crl.example.jp/list.crl", want: status.Place{Kind: status.CRL, URL: "https://crl.example.jp/list.crl"}},
		"a responder":              {text: pin + "=ocsp:https://ocsp.example.jp", want: status.Place{Kind: status.OCSP, URL: "https://ocsp.example.jp"}},
		"a pin with colons":        {text: strings.Repeat("AB:", 31) + "AB=ocsp+https://ocsp.example.jp", want: status.Place{Kind: status.OCSP, URL: "https://ocsp.example.jp"}},
		"LDAP":                     {text: pin + "=crl+ldap://directory.jpki.go.jp/ou=CRL", fails: "LDAP is not spoken"},
		"LDAP over TLS":            {text: pin + "=crl:ldaps://directory.jpki.go.jp", fails: "LDAP is not spoken"},
		"no root":                  {text: "crl:/etc/list.crl", fails: "SHA-256"},
		"a short pin":              {text: pin[:40] + "=crl:/etc/list.crl", fails: "SHA-256"},
		"no place":                 {text: pin + "=", fails: "crl:FILE"},
		"no kind":                  {text: pin + "=/etc/list.crl", fails: "crl:FILE"},
		"another kind":             {text: pin + "=dns:example.jp", fails: "crl:FILE"},
		"an empty file":            {text: pin + "=crl:", fails: "crl:FILE"},
		"a responder in a file":    {text: pin + "=ocsp:/etc/list", fails: "crl:FILE"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, got, err := status.ParsePlace(test.text)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want one with %q", err, test.fails)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" || root[0] != 0xab || root[31] != 0xab {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestNewSourceRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]status.Place{
		"a responder over plain HTTP":  {Kind: status.OCSP, URL: "http://ocsp.example.jp"},
		"a user in the address":        {Kind: status.CRL, URL: "https://me:secret@crl.example.jp"},
		"FTP":                          {Kind: status.CRL, URL: "ftp://crl.example.jp"},
		"no host":                      {Kind: status.CRL, URL: "https:///list"},
		"two places in one":            {Kind: status.CRL, URL: "https://crl.example.jp", File: "list"},
		"a responder that is a file":   {Kind: status.OCSP, File: "list"},
		"neither list nor responder":   {Kind: "dns", URL: "https://example.jp"},
		"a responder that is allowed?": {Kind: status.OCSP, URL: "http://127.0.0.1:1"},
	}
	for name, place := range tests {
		c := status.Config{Clock: poa.SystemClock{}, Places: map[[32]byte][]status.Place{{}: {place}}}
		if _, err := status.NewSource(c); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := status.Config{Clock: poa.SystemClock{}, Places: map[[32]byte][]status.Place{{}: {{Kind: status.CRL, URL: "http://crl.example.jp/list"}}}}
	if _, err := status.NewSource(fine); err != nil {
		t.Errorf("a signed list over plain HTTP: %v", err)
	}
	if _, err := status.NewSource(status.Config{}); err == nil {
		t.Error("took no clock")
	}
}
