// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"ininjo/poa/receipt"
)

func TestDemoKeepsItsContract(t *testing.T) {
	t.Parallel()
	d := running(t)
	info, err := os.Stat(filepath.Join(d.dir, "demo.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo.json has mode %v, error %v", info.Mode(), err)
	}
	j := d.json
	if j.GraphQLURL != j.PortalURL+"/graphql" || j.JWKSURL != j.PortalURL+"/.well-known/jwks.json" || !strings.HasPrefix(j.PortalURL, "http://127.0.0.1:") {
		t.Errorf("addresses %q, %q, %q", j.PortalURL, j.GraphQLURL, j.JWKSURL)
	}
	holds(t, "tokens", j.Tokens, "recipient", "delegator", "staff")
	holds(t, "delegations", j.Delegations, "valid", "revoked", "superseded", "expired", "notYetValid")
	holds(t, "documents", j.Documents, "valid")
	holds(t, "ca", j.CA, "root", "signerP12", "signerPassword", "delegateP12", "delegatePassword")
	holds(t, "logins", j.Logins, "recipient", "delegator", "reception", "serviceOwner", "auditor")
	for role, l := range j.Logins {
		staff := role == "reception" || role == "serviceOwner" || role == "auditor"
		if l.Email == "" || l.Password == "" || (l.TOTPSecret != "") != staff {
			t.Errorf("login of %s: %q, password %t, second factor %t", role, l.Email, l.Password != "", l.TOTPSecret != "")
		}
	}
	for _, path := range []string{j.Documents["valid"], j.CA["root"], j.CA["signerP12"], j.CA["delegateP12"], j.MailDir} {
		if _, err := os.Stat(path); err != nil || !filepath.IsAbs(path) {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, want := range []string{j.PortalURL, j.Logins["recipient"].Password, "curl -s " + j.GraphQLURL, "\nready in "} {
		if !strings.Contains(d.printed, want) {
			t.Errorf("the demo did not print %q", want)
		}
	}
}

// holds wants exactly the members, none empty.
func holds[V comparable](t *testing.T, name string, got map[string]V, members ...string) {
	t.Helper()
	var names []string
	var none V
	for member, value := range got {
		names = append(names, member)
		if value == none {
			t.Errorf("%s.%s is empty", name, member)
		}
	}
	slices.Sort(names)
	slices.Sort(members)
	if diff := cmp.Diff(members, names); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// asked is an answer to validity as others read it.
type asked struct {
	DelegationID    string  `json:"delegationId"`
	Status          string  `json:"status"`
	Reason          *string `json:"reason"`
	InquiryID       string  `json:"inquiryId"`
	DocumentMatches *bool   `json:"documentMatches"`
	ValidFrom       *string `json:"validFrom"`
	ValidThrough    *string `json:"validThrough"`
	Version         *int    `json:"version"`
	AnsweredAt      string  `json:"answeredAt"`
	Receipt         *string `json:"receipt"`
}

const askText = `query($id: ID!, $sum: String, $nonce: String) { validity(delegationId: $id, documentSha256: $sum, nonce: $nonce) {
	delegationId status reason inquiryId documentMatches validFrom validThrough version answeredAt receipt } }`

func ask(t *testing.T, c *client, variables map[string]any) asked {
	t.Helper()
	var answer asked
	if err := c.query(t.Context(), askText, variables, "validity", &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestEveryDelegationOfTheDemoIsAnswered(t *testing.T) {
	t.Parallel()
	d := running(t)
	recipient := d.as(t, d.json.Tokens["recipient"])
	for name, want := range map[string]string{"valid": "VALID", "revoked": "REVOKED", "superseded": "SUPERSEDED", "expired": "EXPIRED", "notYetValid": "NOT_YET_VALID"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := d.json.Delegations[name]
			answer := ask(t, recipient, map[string]any{"id": id})
			if answer.Status != want || answer.DelegationID != id || answer.InquiryID == "" || answer.DocumentMatches != nil || answer.ValidThrough == nil || answer.Version == nil {
				t.Errorf("answered %+v, want %s", answer, want)
			}
		})
	}
	t.Run("an ID that nobody was given", func(t *testing.T) {
		t.Parallel()
		answer := ask(t, recipient, map[string]any{"id": "00000-00000-00000-00000-00000"})
		if answer.Status != "UNKNOWN" || answer.Reason != nil || answer.Version != nil || answer.ValidFrom != nil {
			t.Errorf("answered %+v", answer)
		}
	})
	t.Run("an ID that is mistyped", func(t *testing.T) {
		t.Parallel()
		answer := ask(t, recipient, map[string]any{"id": "00000-00000-00000-00000-00001"})
		if answer.Status != "UNKNOWN" || answer.Reason == nil || *answer.Reason != "MISTYPED_ID" {
			t.Errorf("answered %+v", answer)
		}
	})
}

func TestReceiptIsVerifiedByGoJose(t *testing.T) {
	t.Parallel()
	d := running(t)
	signed, err := os.ReadFile(d.json.Documents["valid"])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(signed)
	nonce := "nonce of the test"
	answer := ask(t, d.as(t, d.json.Tokens["recipient"]), map[string]any{"id": d.json.Delegations["valid"], "sum": hex.EncodeToString(sum[:]), "nonce": nonce})
	if answer.DocumentMatches == nil || !*answer.DocumentMatches || answer.Receipt == nil {
		t.Fatalf("answered %+v", answer)
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(get(t, d.as(t, ""), "/.well-known/jwks.json", nil).body, &published); err != nil {
		t.Fatal(err)
	}
	payload := verified(t, *answer.Receipt, published)
	for _, want := range []string{d.json.Delegations["valid"], nonce, hex.EncodeToString(sum[:]), `"VALID"`, answer.InquiryID, d.json.PortalURL} {
		if !strings.Contains(payload, want) {
			t.Errorf("the receipt does not say %q: %s", want, payload)
		}
	}
	t.Run("altered", func(t *testing.T) {
		t.Parallel()
		head, rest, _ := strings.Cut(*answer.Receipt, ".")
		body, signature, _ := strings.Cut(rest, ".")
		altered, err := jose.ParseSignedCompact(head+"."+body[:len(body)-4]+"AAAA."+signature, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := altered.Verify(published.Keys[0].Key); err == nil {
			t.Error("an altered receipt was verified")
		}
	})
}

// verified returns the payload of a receipt that go-jose verified with the
// published key that it names.
func verified(t *testing.T, compact string, published jose.JSONWebKeySet) string {
	t.Helper()
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != receipt.TypReceipt {
		t.Errorf("typ %v", header.ExtraHeaders[jose.HeaderType])
	}
	keys := published.Key(header.KeyID)
	if len(keys) != 1 || !keys[0].IsPublic() {
		t.Fatalf("%d published keys are named %q", len(keys), header.KeyID)
	}
	payload, err := signed.Verify(keys[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

func TestSampleIsVerifiedByOpenSSL(t *testing.T) {
	t.Parallel()
	d := running(t)
	verify := func(file string) (string, error) {
		command := exec.CommandContext(t.Context(), "openssl", "cms", "-verify", "-inform", "DER", "-in", file, "-CAfile", d.json.CA["root"], "-purpose", "any")
		out, err := command.Output()
		return string(out), err
	}
	content, err := verify(d.json.Documents["valid"])
	if err != nil || !strings.Contains(content, d.json.Delegations["valid"]) || !strings.Contains(content, deputy.Name) {
		t.Errorf("verified %q, %v", content, err)
	}
	signed, err := os.ReadFile(d.json.Documents["valid"])
	if err != nil {
		t.Fatal(err)
	}
	altered := filepath.Join(t.TempDir(), "altered.p7m")
	if err := os.WriteFile(altered, []byte(strings.Replace(string(signed), "1,000", "9,000", 1)), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(altered); err == nil {
		t.Error("an altered file was verified")
	}
}
