// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"ininjo/poa/document"
)

// listClaims are those of a status list, as any reader of JWTs finds them.
type listClaims struct {
	Sub        string `json:"sub"`
	IAT        int64  `json:"iat"`
	EXP        int64  `json:"exp"`
	TTL        int64  `json:"ttl"`
	StatusList struct {
		Bits        int    `json:"bits"`
		LST         string `json:"lst"`
		Aggregation string `json:"aggregation_uri"`
	} `json:"status_list"`
}

// independently verifies a list with go-jose alone and returns its claims and
// its bytes.
func independently(t *testing.T, token, jwks []byte) (listClaims, []byte) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(string(token), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	header := signed.Signatures[0].Protected
	keys := set.Key(header.KeyID)
	if header.ExtraHeaders[jose.HeaderType] != "statuslist+jwt" || len(keys) != 1 {
		t.Fatalf("header %+v, %d keys", header, len(keys))
	}
	payload, err := signed.Verify(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var claims listClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	compressed, err := base64.RawURLEncoding.DecodeString(claims.StatusList.LST)
	if err != nil {
		t.Fatal(err)
	}
	unfolded, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(unfolded)
	if err != nil || len(raw) != 1<<18 || claims.StatusList.Bits != 2 {
		t.Fatalf("%d bytes of %d bits, %v", len(raw), claims.StatusList.Bits, err)
	}
	return claims, raw
}

// entryIn reads where a signed file says that its entry is.
func entryIn(t *testing.T, signed []byte) (uri string, index int) {
	t.Helper()
	at := bytes.Index(signed, []byte("<?xml"))
	end := bytes.LastIndex(signed, []byte("</"))
	if at < 0 || end < at {
		t.Fatal("no XML in the signed file")
	}
	var file struct {
		Status struct {
			ListURI string
			Index   int
		}
	}
	end += bytes.IndexByte(signed[end:], '>') + 1
	if err := xml.Unmarshal(signed[at:end], &file); err != nil {
		t.Fatal(err)
	}
	return file.Status.ListURI, file.Status.Index
}

// says is what a published list says of an entry.
func (o *office) says(t *testing.T, c *client, index int) byte {
	t.Helper()
	got := get(t, c, "/status-lists/0", nil)
	if got.status != http.StatusOK {
		return 0xff
	}
	_, raw := independently(t, got.body, get(t, o.anyone, "/.well-known/jwks.json", nil).body)
	return raw[index/4] >> (index % 4 * 2) & 3
}

// goOn moves the service's clock: a list stands for some seconds at least.
func (o *office) goOn(by time.Duration) { o.clock.offset.Add(int64(by)) }

// TestStatusListsOverHTTP follows a delegation through the lists of two processes.
func TestStatusListsOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	second := o.beside()
	mine := o.files(o.demo, "listed")
	uri, index := entryIn(t, mine.signed)
	if found, err := document.Find(mine.signed); err != nil || found.DelegationID != mine.id || found.Status != (document.Status{ListURI: uri, Index: index}) {
		t.Errorf("in the signed file stands %+v, %v", found.Status, err)
	}
	if uri != o.base+"/status-lists/0" {
		t.Fatalf("the file names %s", uri)
	}
	ways := map[string]*client{"first": o.recipient, "second": o.recipient.at(second.base)}
	o.goOn(time.Minute)
	await(t, "the acceptance is published", func() bool { return o.says(t, o.recipient, index) == 0 })

	t.Run("what the list is", func(t *testing.T) {
		got := get(t, o.recipient, "/status-lists/0", nil)
		claims, _ := independently(t, got.body, get(t, o.anyone, "/.well-known/jwks.json", nil).body)
		if claims.Sub != uri || claims.EXP <= claims.IAT || claims.TTL != 60 || claims.StatusList.Aggregation != o.base+"/status-lists" {
			t.Errorf("claims %+v", claims)
		}
		header := got.header
		if header.Get("Content-Type") != "application/statuslist+jwt" || header.Get("Cache-Control") != "private, max-age=60" || header.Get("Vary") != "Accept, Authorization" || header.Get("Etag") == "" {
			t.Errorf("header %v", header)
		}
		again := get(t, ways["second"], "/status-lists/0", http.Header{"If-None-Match": {header.Get("Etag")}})
		if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("Etag") != header.Get("Etag") {
			t.Errorf("asked again it answers %d", again.status)
		}
		if head := do(t, o.recipient, http.MethodHead, "/status-lists/0", nil, ""); head.status != 200 || len(head.body) != 0 || head.header.Get("Etag") != header.Get("Etag") {
			t.Errorf("HEAD answers %d, %d bytes", head.status, len(head.body))
		}
		if lists := get(t, o.recipient, "/status-lists", nil); strings.TrimSpace(string(lists.body)) != fmt.Sprintf(`{"status_lists":[%q]}`, uri) {
			t.Errorf("the aggregation says %s", lists.body)
		}
		if told := get(t, o.anyone, "/.well-known/ininjo.json", nil); !strings.Contains(string(told.body), `"status_list_aggregation_endpoint":"`+o.base+`/status-lists"`) {
			t.Errorf("the service's addresses are %s", told.body)
		}
	})
	o.refusesLists(t)
	t.Run("a revocation is in the list of either process, and no version goes back", func(t *testing.T) {
		o.revokes(o.delegator, mine.id)
		o.goOn(time.Minute)
		newest := int64(0)
		for name, way := range ways {
			await(t, "revoked at the "+name, func() bool {
				got := get(t, way, "/status-lists/0", nil)
				claims, raw := independently(t, got.body, get(t, o.anyone, "/.well-known/jwks.json", nil).body)
				if claims.IAT < newest {
					t.Errorf("the %s process went back from %d to %d", name, newest, claims.IAT)
				}
				newest = claims.IAT
				return raw[index/4]>>(index%4*2)&3 == 1
			})
		}
	})
}

// refusesLists asks as those who may not, and for what there is none of.
func (o *office) refusesLists(t *testing.T) {
	t.Run("who reads", func(t *testing.T) {
		_, reads := o.token(o.recipient, "READ")
		_, asks := o.token(o.recipient, "VALIDITY")
		for who, c := range map[string]struct {
			*client
			status int
		}{"nobody": {o.anyone.with(""), 401}, "a wrong token": {o.anyone.with("inj_test_x"), 401}, "a delegator": {o.delegator, 403}, "staff": {o.reception, 403},
			"a token to read": {o.recipient.with(reads), 403}, "a token to ask": {o.recipient.with(asks), 200}} {
			for _, path := range []string{"/status-lists/0", "/status-lists"} {
				if got := get(t, c.client, path, nil); got.status != c.status || c.status != 200 && got.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s is answered %d at %s: %.200s", who, got.status, path, got.body)
				}
			}
		}
	})
	t.Run("what is no list", func(t *testing.T) {
		for path, status := range map[string]int{"/status-lists/1": 404, "/status-lists/00": 404, "/status-lists/-1": 404, "/status-lists/x": 404, "/status-lists/9999999999": 404,
			"/status-lists/0?time=1700000000": 501, "/status-lists/0?index=3": 400} {
			if got := get(t, o.recipient, path, nil); got.status != status {
				t.Errorf("%s answers %d", path, got.status)
			}
		}
		if got := get(t, o.recipient, "/status-lists/0", http.Header{"Accept": {"application/statuslist+cwt"}}); got.status != 406 {
			t.Errorf("asked for another form it answers %d", got.status)
		}
		if got := do(t, o.recipient, http.MethodPost, "/status-lists/0", nil, "{}"); got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST answers %d", got.status)
		}
	})
}

// TestStatusListSettings serves with each setting.
func TestStatusListSettings(t *testing.T) {
	t.Parallel()
	for setting, status := range map[string]int{"off": 404, "public": 200} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			o := emptyOffice(t)
			o.start(func(c *Config) { c.StatusLists = setting })
			await(t, "a first publication", func() bool { return get(t, o.anyone, "/status-lists/0", nil).status == status })
			got := get(t, o.anyone, "/status-lists/0", nil)
			if got.status == 200 && got.header.Get("Cache-Control") != "public, max-age=60" {
				t.Errorf("header %v", got.header)
			}
			if lists := get(t, o.anyone, "/status-lists", nil); lists.status != status {
				t.Errorf("the aggregation answers %d", lists.status)
			}
			addresses := get(t, o.anyone, "/.well-known/ininjo.json", nil)
			if strings.Contains(string(addresses.body), "status_list") != (status == 200) {
				t.Errorf("the service's addresses are %s", addresses.body)
			}
		})
	}
}
