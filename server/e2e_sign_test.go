// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

var (
	printedID     = regexp.MustCompile(`(?:電子委任状ID：|Delegation ID: )(\S+)`)
	printedNumber = regexp.MustCompile(`(?:受付番号：|Acknowledgement number: )(\S+?)[ （]`)
)

// signingDesk is what a delegator's clerk has: the draft's JSON, a token, a certificate.
type signingDesk struct {
	*office
	dir string
}

func newSigningDesk(t *testing.T) *signingDesk {
	t.Helper()
	o := openOffice(t)
	o.delegator = o.business("delegator", company, companyNumber, companyAddress, signer)
	d := &signingDesk{office: o, dir: t.TempDir()}
	p12, err := o.signer.PKCS12("password")
	o.must(err)
	d.write("head.p12", p12)
	d.write("password", []byte("password\n"))
	d.write("token", []byte(o.delegator.token+"\n"))
	return d
}

func (d *signingDesk) write(name string, text []byte) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	d.must(os.WriteFile(path, text, 0o600))
	return path
}

func (d *signingDesk) draftJSON(name string, change map[string]any) string {
	today := poa.DateOf(d.clock.Now())
	input := map[string]any{"delegate": map[string]any{"name": deputy.Name, "title": "営業部長", "address": deputy.Address, "identification": "E-1024", "email": "delegate" + domainOf},
		"powers": []string{name + "の締結"}, "validFrom": today.String(), "validThrough": today.AddDays(90).String()}
	for key, value := range change {
		input[key] = value
	}
	text, err := json.Marshal(input)
	d.must(err)
	return d.write(name+".json", text)
}

// sign runs the command against the service.
func (d *signingDesk) sign(stdout io.Writer, args ...string) (told string, err error) {
	var stderr bytes.Buffer
	all := append([]string{"sign", "--service", d.base, "--token-file", filepath.Join(d.dir, "token"), "--p12", filepath.Join(d.dir, "head.p12"), "--password-file", filepath.Join(d.dir, "password"), "--yes"}, args...)
	err = run(d.t.Context(), all, stdout, &stderr)
	if err != nil {
		stderr.WriteString(err.Error())
	}
	if strings.Contains(stderr.String(), d.delegator.token) {
		d.t.Error("the token is told")
	}
	return stderr.String(), err
}

// TestSignFilesOverGraphQL: draft, sign, submit; what the delegate has not done yet is waited for or done later,
// and nothing is drafted, signed or filed twice.
func TestSignFilesOverGraphQL(t *testing.T) {
	t.Parallel()
	d := newSigningDesk(t)
	t.Run("in two steps", func(t *testing.T) {
		draft := d.draftJSON("two", nil)
		var out bytes.Buffer
		told, err := d.sign(&out, "--draft", draft)
		id := match(t, printedID, out.String())
		if err == nil || !strings.Contains(told, "DELEGATE_CERTIFICATE_MISSING\t") {
			t.Fatalf("before the delegate: %v: %s", err, told)
		}
		var again bytes.Buffer
		if _, err := d.sign(&again, "--draft", draft); err == nil || match(t, printedID, again.String()) != id {
			t.Errorf("the same draft became another one: %v: %s", err, again.String())
		}
		d.must(d.handIn(t.Context(), id, d.deputy))
		var filed, twice bytes.Buffer
		if told, err := d.sign(&filed, "--delegation", id, "-o", d.dir); err != nil {
			t.Fatalf("%v: %s\n%s", err, told, d.log.tail())
		}
		told, err = d.sign(&twice, "--delegation", id, "-o", d.dir)
		if err != nil || match(t, printedNumber, filed.String()) != match(t, printedNumber, twice.String()) {
			t.Errorf("filing again: %v: %s\n%s\n%s", err, told, filed.String(), twice.String())
		}
	})
	t.Run("in one go", func(t *testing.T) {
		reader, writer := io.Pipe()
		ended := make(chan string, 1)
		go func() {
			told, err := d.sign(writer, "--draft", d.draftJSON("one", nil), "--wait", "1m", "--detached")
			if err == nil {
				told = ""
			}
			ended <- told
			_ = writer.Close()
		}()
		var printed strings.Builder
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			printed.WriteString(lines.Text() + "\n")
			if id := printedID.FindStringSubmatch(lines.Text()); id != nil && !strings.Contains(printed.String(), "SHA-256") {
				d.must(d.handIn(t.Context(), id[1], d.deputy))
			}
		}
		if told := <-ended; told != "" {
			t.Fatalf("%s\n%s", told, printed.String())
		}
		match(t, printedNumber, printed.String())
	})
	t.Run("what the service refuses is told by code and field", func(t *testing.T) {
		told, err := d.sign(io.Discard, "--draft", d.draftJSON("wrong", map[string]any{"validThrough": "2020-01-01"}))
		if err == nil || !strings.Contains(told, "DATE_ORDER\tvalidThrough\t") {
			t.Errorf("%v: %s", err, told)
		}
		told, err = d.sign(io.Discard, "--token-file", d.write("false", []byte("inj_test_0_0")), "--draft", d.draftJSON("stranger", nil))
		if err == nil || !strings.Contains(told, "UNAUTHENTICATED\t") {
			t.Errorf("%v: %s", err, told)
		}
		if told, err = d.sign(io.Discard, "--delegation", "00000-00000-00000-00000-00000"); err == nil || !strings.Contains(told, "00000-00000") {
			t.Errorf("%v: %s", err, told)
		}
	})
}

func match(t *testing.T, pattern *regexp.Regexp, text string) string {
	t.Helper()
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("%s is not in %s", pattern, text)
	}
	return found[1]
}
