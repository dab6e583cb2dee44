// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/elliptic"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/poatest"
)

const pin = "ABC123"

// cardFolder holds it until the tests are over.
var cardFolder string

// cardProgram is the program with cards, built once as its operator builds it.
var cardProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ininjo-sign-")
	if err != nil {
		return "", err
	}
	cardFolder = dir
	path := filepath.Join(dir, "ininjo")
	if out, err := exec.Command("go", "build", "-tags", "pkcs11", "-o", path, "ininjo/server").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building with cards: %w: %s", err, out)
	}
	return path, nil
})

// softCard is a card of SoftHSM's that holds a person's key and certificate.
type softCard struct {
	t              *testing.T
	module, config string
	desk
}

func newSoftCard(t *testing.T, options ...poatest.Option) *softCard {
	t.Helper()
	c := &softCard{t: t, desk: newDesk(t, options...)}
	for _, path := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
		"/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		if there(path) {
			c.module = path
		}
	}
	if c.module == "" {
		t.Fatal("SoftHSM is not installed: run the setup task")
	}
	tokens := t.TempDir()
	c.config = write(t, t.TempDir(), "softhsm2.conf", []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"))
	key, err := c.signer.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	keys := t.TempDir()
	c.tool("softhsm2-util", "--init-token", "--free", "--label", "JPKI test", "--so-pin", "12345678", "--pin", pin)
	c.tool("softhsm2-util", "--import", write(t, keys, "key.pem", key), "--token", "JPKI test", "--label", "signature", "--id", "02", "--pin", pin)
	c.tool("pkcs11-tool", "--module", c.module, "--token-label", "JPKI test", "--login", "--pin", pin, "--write-object", write(t, keys, "c.der", c.signer.Certificate.Raw), "--type", "cert", "--id", "02", "--label", "signature")
	return c
}

func (c *softCard) command(name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(c.t.Context(), name, args...)
	command.Env = append(os.Environ(), "SOFTHSM2_CONF="+c.config, "LC_ALL=en_US.UTF-8")
	return command
}

func (c *softCard) tool(name string, args ...string) {
	c.t.Helper()
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s %s: %v: %s", name, args[0], err, out)
	}
}

// sign runs the built program.
func (c *softCard) sign(args ...string) (string, error) {
	c.t.Helper()
	path, err := cardProgram()
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := c.command(path, append([]string{"sign", "--pkcs11-module", c.module}, args...)...).CombinedOutput()
	if strings.Contains(string(out), pin) {
		c.t.Errorf("the PIN is shown: %s", out)
	}
	return string(out), err
}

func TestCardSigns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		option poatest.Option
		args   []string
	}{
		"RSA":         {poatest.WithPooledKey(), nil},
		"RSA-PSS":     {poatest.WithPooledKey(), []string{"--pss"}},
		"ECDSA P-256": {poatest.WithECDSA(elliptic.P256()), nil},
		"ECDSA P-384": {poatest.WithECDSA(elliptic.P384()), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newSoftCard(t, test.option)
			drafted := map[string][]byte{"1.xml": marshal(t, document.XML{}, firstID), "2.xml": marshal(t, document.XML{}, secondID), "3.txt": []byte(challengeText)}
			for name, file := range drafted {
				write(t, c.dir, name, file)
			}
			out, err := c.sign(append(test.args, "--pin-file", write(t, t.TempDir(), "pin", []byte(pin+"\n")), "--key-id", "2", "--yes", c.dir)...)
			if err != nil || !strings.Contains(out, "3 signed") || !strings.Contains(out, "Signer: 国税　太郎") {
				t.Fatalf("%v: %s", err, out)
			}
			for name, file := range drafted {
				signed, err := os.ReadFile(filepath.Join(c.dir, name+".p7m"))
				if err != nil {
					t.Fatal(err)
				}
				wantSigned(t, name, signed, file, c.signer.Certificate)
			}
		})
	}
}

// TestCardThatDoesNotSign: one wrong PIN uses one try, and no more for a whole folder.
func TestCardThatDoesNotSign(t *testing.T) {
	t.Parallel()
	c := newSoftCard(t)
	for _, name := range []string{"1.xml", "2.xml"} {
		write(t, c.dir, name, marshal(t, document.XML{}, firstID))
	}
	out, err := c.sign("--list-cards")
	if err != nil || !strings.Contains(out, "JPKI test") || !strings.Contains(out, "Certificate 02: 国税　太郎") || !strings.Contains(out, "no wrong one is on record") {
		t.Errorf("%v: %s", err, out)
	}
	secret := func(text string) string { return write(t, t.TempDir(), "pin", []byte(text)) }
	for name, step := range map[string]struct {
		args []string
		want string
	}{
		"a PIN that is too short": {[]string{"--pin-file", secret("12")}, "was not sent to the card"},
		"no such key":             {[]string{"--pin-file", secret(pin), "--key-id", "09"}, "no key with a certificate"},
		"no such slot":            {[]string{"--pin-file", secret(pin), "--slot", "77"}, "no card in slot 77"},
		"no such module":          {[]string{"--pkcs11-module", "/nowhere.so"}, "/nowhere.so is not there"},
		"not a module":            {[]string{"--pkcs11-module", c.p12}, "cannot be used as a module"},
	} {
		if out, err := c.sign(append(step.args, "--yes", c.dir)...); err == nil || !strings.Contains(out, step.want) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if out, err := c.sign("--pin-file", secret("XYZ789"), "--yes", c.dir); err == nil || strings.Count(out, "The PIN is wrong") != 1 {
		t.Errorf("a wrong PIN: %v: %s", err, out)
	}
	if out, err := c.sign("--list-cards"); err != nil || !strings.Contains(out, "there was a wrong PIN before") {
		t.Errorf("after a wrong PIN: %v: %s", err, out)
	}
	if out, err := c.sign("--pin-file", secret(pin), "--yes", c.dir); err != nil || !strings.Contains(out, "2 signed") {
		t.Errorf("with the right one: %v: %s", err, out)
	}
}

// TestPageSignsWithACard drives the built program's page by HTTP.
func TestPageSignsWithACard(t *testing.T) {
	t.Parallel()
	c := newSoftCard(t)
	path, err := cardProgram()
	if err != nil {
		t.Fatal(err)
	}
	program := c.command(path, "sign", "--no-browser", "--pkcs11-module", c.module)
	printed, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	a := clerkOf(t, printed)
	a.get(a.address)
	write(t, c.dir, "1.xml", marshal(t, document.XML{}, firstID))
	_, page := a.post("/folder", part{"at", "", c.dir})
	method := between(page, `name="method" value="card:`, `" checked`)
	if method == "" || !strings.Contains(page, "カード：JPKI test") || !strings.Contains(page, "証明書 02：国税　太郎") {
		t.Errorf("no card is shown: %s", page)
	}
	chosen := append(picks(page), part{"method", "", "card:" + method})
	if status, page := a.post("/sign", append(chosen, part{"secret", "", "WRONG1"})...); status != http.StatusUnprocessableEntity || !strings.Contains(page, "PIN が違います") || !strings.Contains(page, "前に PIN の間違いがありました") {
		t.Errorf("a wrong PIN: %d %s", status, page)
	}
	if status, page := a.post("/sign", append(chosen, part{"secret", "", pin})...); status != 200 || !strings.Contains(page, "署名 1 件") || !there(filepath.Join(c.dir, "1.xml.p7m")) {
		t.Errorf("the right PIN: %d %s", status, page)
	}
	if status, _ := a.post("/quit"); status != 200 {
		t.Errorf("quitting answered %d", status)
	}
	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

func between(text, before, after string) string {
	_, rest, found := strings.Cut(text, before)
	middle, _, ended := strings.Cut(rest, after)
	if !found || !ended {
		return ""
	}
	return middle
}

func TestUsableNamesTheKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other := poatest.MustIssue(t, d.ca, head, poatest.WithECDSA(elliptic.P256()))
	if err := usable(d.signer.Certificate, other.Key.Public(), instant); !isProblem(err, "key-differs") {
		t.Errorf("got %v", err)
	}
	if err := usable(d.ca.Root, nil, instant.Add(time.Minute)); !isProblem(err, "key-usage") {
		t.Errorf("got %v", err)
	}
}
