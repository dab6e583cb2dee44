// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"crypto"
	"os"
	"path/filepath"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// TestMakeSeeds makes the fuzz targets' seeds of time stamps anew where ININJO_SEEDS is set; else it shows that those
// that are there are still read, long after their keys are gone.
func TestMakeSeeds(t *testing.T) {
	t.Parallel()
	digest := sha256Of(content)
	if os.Getenv("ININJO_SEEDS") == "" {
		answer, err := os.ReadFile("testdata/stamp-openssl.tsr")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cms.ReadTimeStampResponse(answer, digest, crypto.SHA256, nonce); err != nil {
			t.Error(err)
		}
		return
	}
	b, tsa := stampBench(t)
	request, err := cms.NewTimeStampRequest(digest, crypto.SHA256, nonce)
	if err != nil {
		t.Fatal(err)
	}
	b.write("query", request)
	b.write("tsa.conf", stampConfig("sha256", 3))
	b.openssl("ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "answer")
	stamped, err := issue(t).Sign(content, cms.SignOptions{ESS: true, KeyID: true, TimeStamp: func(signature []byte) ([]byte, error) {
		return tsa.Stamp(sha256Of(signature), crypto.SHA256, instant)
	}})
	if err != nil {
		t.Fatal(err)
	}
	pss, err := keys()["RSA-PSS"].Sign(content, cms.SignOptions{PSS: true, Detached: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"stamp-openssl.tsr": b.read("answer"), "stamp-own.tsr": tsa.Answer(request, instant), "stamp-root.pem": b.read("root.pem"),
		"stamped.der": stamped, "pss.der": pss, "pieces.ber": poatest.BER(t, stamped, 7),
	} {
		if err := os.WriteFile(filepath.Join("testdata", name), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
