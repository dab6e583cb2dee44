// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/document"
)

func TestSignedXML(t *testing.T) {
	t.Parallel()
	draft, signer := []byte(golden), person(t)
	made, err := document.XML{}.Sign(draft, time.Time{}, signWith(signer))
	if err != nil {
		t.Fatal(err)
	}
	detached, err := signer.SignDetached(draft)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"attached, as Sign makes it": made, "detached": detached} {
		signature, err := document.XML{}.Open(file, draft)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(signature.Content, draft) {
			t.Errorf("%s: other bytes are to be signed", name)
		}
		verified(t, signature)
	}
}

func TestSignersErrorIsHandedOn(t *testing.T) {
	t.Parallel()
	refused := errors.New("the card was pulled")
	signer := func([]byte, document.SignAs) ([]byte, error) { return nil, refused }
	for _, format := range document.Known() {
		draft, err := format.Marshal(sample())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := format.Sign(draft, time.Time{}, signer); !errors.Is(err, refused) {
			t.Errorf("%s: got %v", format.Name(), err)
		}
	}
}

// TestForgedXML signs what was drafted otherwise: an attached signature of it
// does not sign the draft, a detached one does not verify over it.
func TestForgedXML(t *testing.T) {
	t.Parallel()
	signer := person(t)
	const name = "<Name>山田　花子</Name>"
	for label, forged := range map[string]string{
		"an entity":                 strings.Replace(golden, name, "<Name>&yamada;</Name>", 1),
		"a comment inside a value":  strings.Replace(golden, name, "<Name>山田<!-- -->　花子</Name>", 1),
		"a document type":           strings.Replace(golden, "<Delegation ", "<!DOCTYPE Delegation><Delegation ", 1),
		"a CDATA section":           strings.Replace(golden, name, "<Name><![CDATA[山田　花子]]></Name>", 1),
		"a changed byte":            strings.Replace(golden, "100万円", "900万円", 1),
		"another end of line":       strings.ReplaceAll(golden, "\n", "\r\n"),
		"white space after the end": golden + "\n",
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			for _, detached := range []bool{false, true} {
				file, err := signer.Sign([]byte(forged), cms.SignOptions{Detached: detached})
				if err != nil {
					t.Fatal(err)
				}
				signature, err := document.XML{}.Open(file, []byte(golden))
				if err != nil {
					t.Fatal(err)
				}
				signed, err := cms.Verify(signature.CMS, signature.Content, cms.DefaultLimits())
				if err == nil && bytes.Equal(signed.Content, []byte(golden)) {
					t.Errorf("detached %v: it counts as the draft", detached)
				}
			}
		})
	}
}

func TestXMLOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file []byte
		kind document.FaultKind
	}{
		"nothing":   {nil, document.Unsigned},
		"the draft": {[]byte(golden), document.Unsigned},
		"64 MiB":    {make([]byte, 64<<20), document.TooLarge},
	} {
		_, err := document.XML{}.Open(c.file, []byte(golden))
		t.Run(name, func(t *testing.T) { wantKind(t, err, c.kind) })
	}
}
