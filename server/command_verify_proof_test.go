// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	plog "ininjo/poa/log"
	"ininjo/poa/receipt"
)

var updateGolden = flag.Bool("update-golden", false, "write what verify prints anew")

// provedReceipt is a receipt, signed again five years later with another key, and the
// proof that its inquiry stands in the log.
type provedReceipt struct {
	t                     *testing.T
	dir                   string
	jwks, receipt, proof  string
	verifier, ended, late string // kids and the log's key
	key                   ed25519.PrivateKey
	leaves                [][32]byte
}

func newProvedReceipt(t *testing.T) *provedReceipt {
	t.Helper()
	l := &provedReceipt{t: t, dir: t.TempDir()}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	l.key = private
	l.verifier, err = plog.VerifierKey("poa.example/log", public)
	check(t, err)
	okp, err := receipt.PublicOKP(public)
	check(t, err)
	keys := []receipt.PublicKey{{JWK: okp, Purpose: poa.PurposeCheckpoint, NotBefore: keptAt}}
	var signers []*receipt.ES256
	for range 2 {
		private, err := receipt.GenerateKey(rand.Reader)
		check(t, err)
		signer, err := receipt.NewES256Signer(private)
		check(t, err)
		jwk, err := receipt.PublicJWK(&private.PublicKey)
		check(t, err)
		signers, keys = append(signers, signer), append(keys, receipt.PublicKey{JWK: jwk, Purpose: receipt.TypReceipt})
	}
	keys[1].NotBefore, keys[1].NotAfter, keys[2].NotBefore = keptAt.AddDate(0, 0, -1), keptAt.AddDate(1, 0, 0), keptAt.AddDate(1, 0, 0)
	l.ended, l.late = signers[0].KeyID(), signers[1].KeyID()
	set, err := receipt.JWKS(keys)
	check(t, err)
	l.jwks = l.write("jwks.json", set)
	l.leaves = [][32]byte{{1}, {2}, {3}}
	version, yes := 3, true
	claims := receipt.Claims{Issuer: "https://poa.example", Recipient: "rcp_1", IssuedAt: keptAt, PolicyOID: "1.2.392.200000.1", EventID: "inq_1", Version: &version,
		LeafHash: hex.EncodeToString(l.leaves[1][:]), Question: receipt.Question{DelegationID: keptID, DocumentSHA256: strings.Repeat("ab", 32), Nonce: "n-1"},
		Answer: receipt.Answer{Status: "SUSPENDED", Reason: "SERVICE_REVIEW", AsOf: keptAt, KnownAt: keptAt, AnsweredAt: keptAt, DocumentMatches: &yes, FileCompared: true, ValidFrom: "2026-11-01",
			ValidThrough: "2027-10-31", SignatureVerifiedAt: &keptAt, Qualification: &receipt.Qualification{Qualification: "ATTORNEY", Standing: "CONFIRMED", VerifiedAt: &keptAt}}}
	later := keptAt.AddDate(5, 0, 0)
	keyset := receipt.NewKeyset(receipt.TypReceipt, func() time.Time { return later })
	keyset.Set([]receipt.Member{{Signer: signers[0], From: keys[1].NotBefore, Until: keys[1].NotAfter}, {Signer: signers[1], From: keys[2].NotBefore}})
	compact, err := receipt.Issue(t.Context(), keyset, claims)
	check(t, err)
	l.receipt = l.write("receipt.jws", []byte(compact))
	l.proof = l.write("proof.txt", l.prove(1))
	return l
}

func (l *provedReceipt) write(name string, text []byte) string {
	path := filepath.Join(l.dir, name)
	check(l.t, os.WriteFile(path, text, 0o600))
	return path
}

func (l *provedReceipt) prove(index int64) []byte {
	read := func(spans []plog.Span) ([][][32]byte, error) {
		rows := make([][][32]byte, len(spans))
		for i, s := range spans {
			rows[i] = l.leaves[s.From:s.To]
		}
		return rows, nil
	}
	tree, err := plog.Grow(3, read)
	check(l.t, err)
	signed, err := plog.SignCheckpoint(plog.Checkpoint{Origin: "poa.example/log", Size: 3, Root: tree.Root()}, l.key)
	check(l.t, err)
	hashes, err := plog.Prove(3, index, read)
	check(l.t, err)
	return plog.Proof{Index: index, Hashes: hashes, Checkpoint: signed}.Encode()
}

// TestVerifyPrintsAll compares all that is printed with what was looked at, in both
// languages.
func TestVerifyPrintsAll(t *testing.T) {
	t.Parallel()
	l := newProvedReceipt(t)
	for _, language := range []string{"ja", "en"} {
		said := succeed(t, nil, "verify", "receipt", l.receipt, "--jwks", l.jwks, "--proof", l.proof, "--language", language)
		said = strings.NewReplacer(l.late, "KID").Replace(said)
		path := filepath.Join("testdata", "verify-receipt."+language+".txt")
		if *updateGolden {
			check(t, os.WriteFile(path, []byte(said), 0o600))
		}
		want, err := os.ReadFile(path)
		check(t, err)
		if diff := cmp.Diff(string(want), said); diff != "" {
			t.Error(diff)
		}
	}
}

func TestVerifyProof(t *testing.T) {
	t.Parallel()
	l := newProvedReceipt(t)
	args := func(more ...string) []string {
		return append([]string{"verify", "receipt", l.receipt, "--jwks", l.jwks, "--language", "en"}, more...)
	}
	var said struct {
		KeyID, SignedAt string
		Log             struct {
			Origin      string
			Index, Size int64
		}
	}
	text := succeed(t, nil, args("--proof", l.proof, "--json")...)
	if err := json.Unmarshal([]byte(text), &said); err != nil || said.KeyID != l.late || said.SignedAt != "2031-11-01T03:00:00Z" || said.Log.Origin != "poa.example/log" || said.Log.Index != 1 || said.Log.Size != 3 {
		t.Errorf("%v: %s", err, text)
	}
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	other, err := plog.VerifierKey("poa.example/log", stranger.Public().(ed25519.PublicKey))
	check(t, err)
	for _, key := range []string{l.verifier, l.write("log.vkey", []byte(l.verifier+"\n"))} {
		wantText(t, succeed(t, nil, args("--proof", l.proof, "--checkpoint-key", other, "--checkpoint-key", key)...), "leaf 1 of 3")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	file, err := os.ReadFile(l.jwks)
	check(t, err)
	check(t, json.Unmarshal(file, &set))
	set.Keys = set.Keys[1:]
	without, err := json.Marshal(set)
	check(t, err)
	for name, each := range map[string]struct {
		args []string
		want string
	}{
		"another inquiry's":  {args("--proof", l.write("other.txt", l.prove(2))), "does not lead from this receipt"},
		"another log's key":  {args("--proof", l.proof, "--checkpoint-key", other), "signed by none of the log's keys"},
		"no proof":           {args("--proof", l.jwks), "holds no inclusion proof"},
		"no file":            {args("--proof", filepath.Join(l.dir, "none")), "no such file"},
		"no key of the log":  {[]string{"verify", "receipt", l.receipt, "--jwks", l.write("without.json", without), "--language", "en", "--proof", l.proof}, "holds no key of the log"},
		"a key that is none": {args("--proof", l.proof, "--checkpoint-key", "x"), "inclusion proof"},
	} {
		t.Run(name, func(t *testing.T) { wantText(t, refused(t, nil, each.args...), each.want) })
	}
	changed := l.write("changed.txt", []byte(strings.Replace(string(l.prove(1)), "\n3\n", "\n4\n", 1)))
	wantText(t, refused(t, nil, "verify", "receipt", l.receipt, "--jwks", l.jwks, "--language", "ja", "--proof", changed), "どの鍵による署名でもありません")
}
