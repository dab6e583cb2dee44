// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strconv"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// stampBench is a folder in which openssl is the authority, or the reader, of one certificate.
func stampBench(t testing.TB) (bench, *poatest.TSA) {
	t.Helper()
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)
	ca := poatest.MustCA(t, instant, poatest.WithRootValidity(from, to)) // openssl stamps the machine's own time
	tsa := poatest.MustTSA(t, ca, poatest.WithTSAValidity(from, to))
	b := newBench(t)
	key, err := x509.MarshalPKCS8PrivateKey(tsa.Key())
	if err != nil {
		t.Fatal(err)
	}
	b.write("tsa.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	b.write("tsa.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tsa.Certificate().Raw}))
	b.write("root.pem", ca.RootPEM())
	b.write("serial", []byte("1000"))
	return b, tsa
}

func stampConfig(ess string, digits int) []byte {
	return fmt.Appendf(nil, `[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha384
default_policy = %s
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = %d
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = %s
`, poatest.TSAPolicy, digits, ess)
}

func TestTimeStampsOfOpenSSLAreTaken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		hash   crypto.Hash
		ess    string
		digits int
	}{
		"SHA-256":                          {crypto.SHA256, "sha256", 0},
		"SHA-384, milliseconds":            {crypto.SHA384, "sha384", 3},
		"SHA-512, microseconds":            {crypto.SHA512, "sha512", 6},
		"certificate named as in RFC 3161": {crypto.SHA256, "sha1", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, tsa := stampBench(t)
			digest := digestOf(test.hash, content)
			request, err := cms.NewTimeStampRequest(digest, test.hash, nonce)
			if err != nil {
				t.Fatal(err)
			}
			b.write("query", request)
			b.write("tsa.conf", stampConfig(test.ess, test.digits))
			b.openssl("ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "answer")
			token, err := cms.ReadTimeStampResponse(b.read("answer"), digest, test.hash, nonce)
			if err != nil {
				t.Fatal(err)
			}
			got, err := cms.VerifyTimeStamp(token, digest, test.hash, tsa.Roots())
			if err != nil {
				t.Fatal(err)
			}
			if got.Policy != poatest.TSAPolicy || got.Serial == "" || got.Time.IsZero() {
				t.Errorf("another statement: %+v", got)
			}
		})
	}
	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		b, _ := stampBench(t)
		b.write("tsa.conf", stampConfig("sha256", 0))
		b.openssl("ts", "-query", "-data", "content", "-sha224", "-out", "query")
		b.openssl("ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "answer")
		if _, err := cms.ReadTimeStampResponse(b.read("answer"), sha256Of(content), crypto.SHA256, nil); cms.KindOf(err) != cms.TimeStampRefused {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenSSLVerifiesTimeStampsOfTheTestAuthority(t *testing.T) {
	t.Parallel()
	b, tsa := stampBench(t)
	b.openssl("ts", "-query", "-data", "content", "-sha512", "-cert", "-out", "query")
	b.write("answer", tsa.Answer(b.read("query"), instant))
	b.openssl("ts", "-verify", "-queryfile", "query", "-in", "answer", "-CAfile", "root.pem", "-attime", strconv.FormatInt(instant.Unix(), 10))
	// What we ask is what openssl would ask: it can read it, and finds our question answered.
	request, err := cms.NewTimeStampRequest(sha256Of(content), crypto.SHA256, nonce)
	if err != nil {
		t.Fatal(err)
	}
	b.write("ours", request)
	b.write("answer", tsa.Answer(request, instant))
	b.openssl("ts", "-verify", "-queryfile", "ours", "-in", "answer", "-CAfile", "root.pem", "-attime", strconv.FormatInt(instant.Unix(), 10))
}
