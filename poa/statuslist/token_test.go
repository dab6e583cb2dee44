// SPDX-License-Identifier: Apache-2.0

package statuslist_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

var issued = time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC)

func sample() statuslist.Token {
	return statuslist.Token{URI: "https://ininjo.example/status-lists/3", IssuedAt: issued, ExpiresAt: issued.Add(time.Hour), TTL: time.Minute,
		AggregationURI: "https://ininjo.example/status-lists", Entries: statuslist.NewEntries()}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	signer, set := poatest.MustTokenSigner(t, receipt.TypStatusList, issued, time.Time{})
	rapid.Check(t, func(t *rapid.T) {
		token, model := sample(), map[int]statuslist.Status{}
		for range rapid.IntRange(0, 200).Draw(t, "entries") {
			index := rapid.IntRange(0, statuslist.Size-1).Draw(t, "index")
			model[index] = statuslist.Status(rapid.IntRange(0, 2).Draw(t, "status"))
			token.Entries.Set(index, model[index])
		}
		compact, err := statuslist.Issue(context.Background(), signer, token)
		if err != nil {
			t.Fatal(err)
		}
		got, err := statuslist.Verify(compact, set)
		if err != nil {
			t.Fatal(err)
		}
		if got.URI != token.URI || !got.IssuedAt.Equal(issued) || !got.ExpiresAt.Equal(token.ExpiresAt) || got.TTL != token.TTL || got.AggregationURI != token.AggregationURI {
			t.Fatalf("read %+v", got)
		}
		for i := range statuslist.Size {
			want, set := model[i]
			if !set {
				want = statuslist.Invalid
			}
			if got.Entries.At(i) != want {
				t.Fatalf("entry %d is %s, not %s", i, got.Entries.At(i), want)
			}
		}
	})
}

// TestBitsOfTheDraft: entries begin in the lowest bits of each byte, as in the
// example of the Token Status List with two bits (its section 4).
func TestBitsOfTheDraft(t *testing.T) {
	t.Parallel()
	signer, _ := poatest.MustTokenSigner(t, receipt.TypStatusList, issued, time.Time{})
	token := sample()
	for i, s := range []statuslist.Status{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3} {
		token.Entries.Set(i, s)
	}
	compact, err := statuslist.Issue(t.Context(), signer, token)
	if err != nil {
		t.Fatal(err)
	}
	raw := rawOf(t, compact)
	if !bytes.Equal(raw[:3], []byte{0xc9, 0x44, 0xf9}) {
		t.Errorf("wrote % x", raw[:3])
	}
}

// rawOf unfolds a list's bytes without this package.
func rawOf(t *testing.T, compact string) []byte {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		StatusList struct {
			LST string `json:"lst"`
		} `json:"status_list"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	compressed, err := base64.RawURLEncoding.DecodeString(claims.StatusList.LST)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lst compresses bytes as they stand in a list.
func lst(raw []byte) string {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(raw) // into memory
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(out.Bytes())
}

func TestWhatIsNoList(t *testing.T) {
	t.Parallel()
	signer, set := poatest.MustTokenSigner(t, receipt.TypStatusList, issued, issued.Add(time.Hour))
	whole := lst(make([]byte, statuslist.Size/4))
	claims := func(sub, iat, exp, bits, list string) string {
		return fmt.Sprintf(`{"sub":%s,"iat":%s,"exp":%s,"ttl":60,"status_list":{"bits":%s,"lst":%q}}`, sub, iat, exp, bits, list)
	}
	at, later := fmt.Sprint(issued.Unix()), fmt.Sprint(issued.Unix()+60)
	for name, payload := range map[string]string{
		"no JSON": "x", "no subject": claims(`""`, at, later, "2", whole), "no time": claims(`"u"`, "null", later, "2", whole), "ends before it begins": claims(`"u"`, later, at, "2", whole),
		"far future": claims(`"u"`, at, fmt.Sprint(math.MaxInt64), "2", whole), "one bit": claims(`"u"`, at, later, "1", whole), "eight bits": claims(`"u"`, at, later, "8", whole),
		"no base 64": claims(`"u"`, at, later, "2", "!"), "no ZLIB": claims(`"u"`, at, later, "2", "AAAA"), "cut off": claims(`"u"`, at, later, "2", whole[:len(whole)-8]),
		"too short": claims(`"u"`, at, later, "2", lst(make([]byte, 100))), "a bomb": claims(`"u"`, at, later, "2", lst(make([]byte, 100<<20))),
		"too large": claims(`"u"`, at, later, "2", strings.Repeat("A", 1<<20)), "before its key": claims(`"u"`, fmt.Sprint(issued.Unix()-1), later, "2", whole),
		"after its key": claims(`"u"`, fmt.Sprint(issued.Unix()+3601), fmt.Sprint(issued.Unix()+9999), "2", whole),
	} {
		compact, err := signer.Sign(t.Context(), []byte(payload), receipt.TypStatusList)
		if err != nil {
			t.Fatal(err)
		}
		var f *statuslist.Fault
		if _, err := statuslist.Verify(compact, set); !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
	}
	compact, err := statuslist.Issue(t.Context(), signer, sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]byte{"of receipts": second(poatest.MustTokenSigner(t, receipt.TypReceipt, issued, time.Time{})), "of another service": second(poatest.MustTokenSigner(t, receipt.TypStatusList, issued, time.Time{}))} {
		if _, err := statuslist.Verify(compact, keys); err == nil {
			t.Errorf("a key %s verifies it", name)
		}
	}
}

func second(_ receipt.Signer, set []byte) []byte { return set }

// FuzzOwn reads what no signature vouches for: whatever it is, a list has its size
// and comes out again as it went in.
func FuzzOwn(f *testing.F) {
	signer, _ := poatest.MustTokenSigner(f, receipt.TypStatusList, issued, time.Time{})
	compact, err := statuslist.Issue(context.Background(), signer, sample())
	if err != nil {
		f.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[1])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add([]byte(`{"sub":"u","iat":1,"exp":2,"status_list":{"bits":2,"lst":"eNo"}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		token, err := statuslist.Own("." + base64.RawURLEncoding.EncodeToString(payload) + ".")
		if err != nil {
			return
		}
		token.Entries.At(statuslist.Size - 1)
		again, err := statuslist.Issue(context.Background(), signer, token)
		if err != nil {
			t.Fatal(err)
		}
		read, err := statuslist.Own(again)
		if err != nil || !read.IssuedAt.Equal(token.IssuedAt) || read.Entries.At(5) != token.Entries.At(5) {
			t.Fatalf("read again: %v", err)
		}
	})
}
