// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/document"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const name = "<Name>山田　花子</Name>"
	const root = `<Delegation xmlns="urn:ininjo:delegation:1" version="1.0">`
	for label, c := range map[string]struct {
		old, new string
		kind     document.FaultKind
		where    string
	}{
		"a document type":             {root, `<!DOCTYPE Delegation []>` + root, document.Forbidden, "markup"},
		"a document type before":      {`<?xml version="1.0"`, `<!DOCTYPE x><?xml version="1.0"`, document.Forbidden, "markup"},
		"a comment":                   {name, "<!-- a -->" + name, document.Comment, "markup"},
		"a comment inside a value":    {name, "<Name>山田<!-- a -->花子</Name>", document.Comment, "markup"},
		"an entity that is declared":  {root, `<!DOCTYPE Delegation [<!ENTITY x "y">]>` + root, document.Entity, "markup"},
		"an entity declared before":   {`<?xml version="1.0"`, `<!DOCTYPE x [<!ENTITY x "y">]><?xml version="1.0"`, document.Entity, "markup"},
		"a CDATA section":             {name, "<Name><![CDATA[x]]></Name>", document.Forbidden, "markup"},
		"a processing instruction":    {name, "<?php x?>" + name, document.Forbidden, "markup"},
		"an entity of its own":        {name, "<Name>&x;</Name>", document.Entity, "entity"},
		"a character by number":       {name, "<Name>&#x41;</Name>", document.Entity, "entity"},
		"a lone ampersand":            {name, "<Name>a & b</Name>", document.Entity, "entity"},
		"another encoding":            {"UTF-8", "Shift_JIS", document.Malformed, "declaration"},
		"a byte order mark":           {`<?xml version="1.0"`, "\uFEFF" + `<?xml version="1.0"`, document.Malformed, "declaration"},
		"bytes that are no text":      {name, "<Name>\xff</Name>", document.Malformed, "encoding"},
		"an element not closed":       {"</Delegation>", "", document.Malformed, "XML"},
		"two roots":                   {"</Delegation>", "</Delegation><Delegation/>", document.Malformed, "XML"},
		"text after the root":         {"</Delegation>", "</Delegation>x", document.Malformed, "XML"},
		"text between elements":       {name, "x" + name, document.Malformed, "Delegation/Delegate"},
		"text between items":          {"<Powers>", "<Powers>x", document.Malformed, "Delegation/Mandate/Powers"},
		"an unknown element":          {name, name + "<Secret>1</Secret>", document.UnknownElement, "Delegation/Delegate"},
		"an unknown item":             {"<Limits>", "<Limits><Power>x</Power>", document.UnknownElement, "Delegation/Mandate/Limits"},
		"an element inside a text":    {name, "<Name><Name>x</Name></Name>", document.UnknownElement, "Delegation/Delegate/Name"},
		"an attribute":                {"<Name>山", `<Name a="1">山`, document.UnknownElement, "Delegation/Delegate/Name/@"},
		"an attribute of an item":     {"<Limit>", `<Limit a="1">`, document.UnknownElement, "Delegation/Mandate/Limits/Limit/@"},
		"an attribute of the root":    {`:1" version=`, `:1" a="1" version=`, document.UnknownElement, "Delegation/@"},
		"a second namespace":          {`:1" version=`, `:1" xmlns:b="urn:b" version=`, document.UnknownElement, "Delegation/@"},
		"an element twice":            {name, name + name, document.Duplicate, "Delegation/Delegate/Name"},
		"an attribute twice":          {`:1" version=`, `:1" version="1.0" version=`, document.Duplicate, "Delegation/@version"},
		"both mandators":              {"</Corporation>", "</Corporation><SoleProprietor/>", document.Duplicate, "Delegation/Mandator"},
		"no name":                     {name, "", document.Missing, "Delegation/Delegate/Name"},
		"an empty name":               {name, "<Name></Name>", document.Missing, "Delegation/Delegate/Name"},
		"no version":                  {` version="1.0">`, ">", document.Missing, "Delegation/@version"},
		"another version":             {` version="1.0">`, ` version="1.1">`, document.Version, "Delegation/@version"},
		"another namespace":           {"delegation:1", "delegation:2", document.Namespace, "Delegation"},
		"no namespace":                {` xmlns="urn:ininjo:delegation:1"`, "", document.Namespace, "Delegation"},
		"another namespace inside":    {name, `<Name xmlns="urn:b">x</Name>`, document.Namespace, "Delegation/Delegate"},
		"a text not in form C":        {name, "<Name>カ\u3099</Name>", document.Malformed, "Delegation/Delegate/Name"},
		"a line break in a text":      {name, "<Name>a\nb</Name>", document.Malformed, "Delegation/Delegate/Name"},
		"another writing of truth":    {"<SubDelegation>false", "<SubDelegation>0", document.Malformed, "Delegation/Mandate/SubDelegation"},
		"another writing of a number": {"1048575", "01048575", document.Malformed, "Delegation/Status/Index"},
		"another writing of time":     {"123456Z", "123456+00:00", document.Malformed, "Delegation/DraftedAt"},
		"nesting without end":         {name, strings.Repeat("<a>", 5000), document.Malformed, "depth"},
		"elements without end":        {name, strings.Repeat("<a/>", 5000), document.TooLarge, "elements"},
		"a file over its bound":       {name, strings.Repeat(" ", document.MaxSize), document.TooLarge, "Delegation"},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(golden, c.old, c.new, 1)
			if file == golden {
				t.Fatal("the case changes nothing")
			}
			_, err := document.XML{}.Parse([]byte(file))
			wantFault(t, err, c.kind, c.where)
		})
	}
}

func TestParseRefusesAnotherOrder(t *testing.T) {
	t.Parallel()
	file := strings.Replace(golden, "<Title>税理士</Title>", "", 1)
	file = strings.Replace(file, "<Name>山田　花子</Name>", "<Title>税理士</Title><Name>山田　花子</Name>", 1)
	_, err := document.XML{}.Parse([]byte(file))
	wantFault(t, err, document.Malformed, "Delegation/Delegate/Name")
}

func TestParseRefusesAnotherRoot(t *testing.T) {
	t.Parallel()
	_, err := document.XML{}.Parse([]byte(strings.ReplaceAll(golden, "Delegation xmlns", "Mandate xmlns")))
	wantFault(t, err, document.Malformed, "XML")
	file := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Mandate xmlns="urn:ininjo:delegation:1" version="1.0"/>`
	_, err = document.XML{}.Parse([]byte(file))
	wantFault(t, err, document.UnknownElement, "root")
}

func TestParseTakesOtherIndentation(t *testing.T) {
	t.Parallel()
	want, err := document.XML{}.Parse([]byte(golden))
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(golden, "\n")
	got, err := document.XML{}.Parse([]byte(head + "\n" + strings.ReplaceAll(body, "\n", "\n\t")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsHoldNoText(t *testing.T) {
	t.Parallel()
	file := strings.Replace(golden, "<Title>", "<秘密>秘密</秘密><Title>", 1)
	if _, err := (document.XML{}).Parse([]byte(file)); err == nil || strings.Contains(err.Error(), "秘密") {
		t.Errorf("got %v", err)
	}
}

// FuzzParse holds that whatever is taken can be written again and means the same,
// and that whatever is refused is refused with a Fault.
func FuzzParse(f *testing.F) {
	f.Add([]byte(golden))
	sole := sample()
	sole.Mandator, sole.Limits = soleProprietor(), nil
	file, err := document.XML{}.Marshal(sole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(strings.Replace(golden, "<Name>", "<Name><!-- -->", 1)))
	f.Add([]byte(strings.Replace(golden, "税理士", "&amp;&quot;&apos;", 1)))
	f.Add([]byte(strings.Replace(golden, "<Delegation ", "<d:Delegation xmlns:d='urn:ininjo:delegation:1' ", 1)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		content, err := document.XML{}.Parse(file)
		if err != nil {
			var fault *document.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		again, err := document.XML{}.Marshal(content)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := document.XML{}.Parse(again)
		if diff := cmp.Diff(content, back); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}
