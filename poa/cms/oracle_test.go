// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"testing"

	"github.com/digitorus/pkcs7"

	"ininjo/poa/cms"
)

// secondOpinion asks pkcs7, which reads the same bytes in its own way: a file that two readers understand differently
// is an attack on one of them. It is asked only what it can judge: it knows neither key identifiers nor RSA-PSS, and
// would measure the certificate's period by the time that the signer claims. It is given DER, since its own reading of BER is quadratic and knows no depth.
func secondOpinion(t testing.TB, file []byte, signed *cms.Signed) {
	t.Helper()
	claimed := signed.SigningTime
	outside := claimed != nil && (claimed.Before(signed.Signer.NotBefore) || claimed.After(signed.Signer.NotAfter))
	if signed.SignatureAlgorithm == "RSA-PSS" || outside || cms.NamedByKeyID(file) {
		return
	}
	der, err := cms.Normalized(file)
	if err != nil {
		t.Fatal(err)
	}
	other, err := pkcs7.Parse(der)
	if err != nil {
		t.Errorf("a second reader cannot parse it: %v", err)
		return
	}
	if signed.Detached {
		other.Content = signed.Content
	}
	if !bytes.Equal(other.Content, signed.Content) {
		t.Error("a second reader sees another content")
	}
	if !signed.Signer.Equal(other.GetOnlySigner()) {
		t.Error("a second reader sees another signer")
	}
	if err := other.VerifyWithChain(nil); err != nil {
		t.Errorf("a second reader does not verify it: %v", err)
	}
}
