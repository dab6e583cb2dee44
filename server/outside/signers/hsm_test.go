// SPDX-License-Identifier: Apache-2.0

//go:build pkcs11

package signers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ininjo/poa/poatest"
	"ininjo/server/outside/signers"
	"ininjo/server/outside/token"
)

const tokenPIN = "123456"

// softModule is SoftHSM's library; its tokens stand in one folder for the whole
// process, which reads its settings once.
var softModule = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ininjo-hsm-")
	if err != nil {
		return "", err
	}
	config := filepath.Join(dir, "softhsm2.conf")
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(config, []byte("directories.tokendir = "+dir+"/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		return "", err
	}
	if err := os.Setenv("SOFTHSM2_CONF", config); err != nil {
		return "", err
	}
	for _, path := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
		"/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", os.ErrNotExist
})

// tokenOf makes a token with a key pair.
func tokenOf(t *testing.T, label string) string {
	t.Helper()
	module, err := softModule()
	if err != nil {
		t.Fatal("SoftHSM is not installed: run the setup task")
	}
	run(t, "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", tokenPIN)
	pair(t, module, label, "01")
	return module
}

func pair(t *testing.T, module, label, id string) {
	t.Helper()
	run(t, "pkcs11-tool", "--module", module, "--token-label", label, "--login", "--pin", tokenPIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "receipts", "--id", id)
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func openHSM(t *testing.T, module, label, pin string, more string) signers.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pin")
	write(t, path, []byte(pin+"\n"))
	source, err := signers.Open("pkcs11:token="+label+";object=receipts"+more+"?module-path="+module+"&pin-source=file:"+path, "", signers.Config{Clock: poatest.NewClock(now)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
	return source
}

func TestHSMSigns(t *testing.T) {
	module := tokenOf(t, "signs")
	source := openHSM(t, module, "signs", tokenPIN, "")
	key := keysOf(t, source)[0]
	var going sync.WaitGroup
	for range 40 { // more than may be asked for at once
		going.Go(func() {
			if err := issueWith(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
	}
	going.Wait()
	t.Run("once every session is gone, new ones are opened", func(t *testing.T) {
		shared, err := token.Load(module)
		if err != nil {
			t.Fatal(err)
		}
		slots, err := shared.GetSlotList(true)
		if err != nil {
			t.Fatal(err)
		}
		for _, slot := range slots {
			_ = shared.CloseAllSessions(slot) // as a token that was restarted
		}
		if err := shared.Close(); err != nil {
			t.Error(err)
		}
		_ = issueWith(t.Context(), key) // whoever meets it first is told
		if err := issueWith(t.Context(), key); err != nil {
			t.Error(err)
		}
	})
	t.Run("one of two keys is found by its identifier", func(t *testing.T) {
		if keys := keysOf(t, openHSM(t, module, "signs", tokenPIN, ";id=%01")); len(keys) != 1 || !keys[0].Public().Equal(key.Public()) {
			t.Errorf("%d keys", len(keys))
		}
	})
}

// TestHSMWithAWrongPIN offers it once: tokens lock themselves.
func TestHSMWithAWrongPIN(t *testing.T) {
	module := tokenOf(t, "wrong")
	source := openHSM(t, module, "wrong", "654321", "")
	for range 20 {
		if _, err := source.Keys(t.Context()); err == nil || !strings.Contains(err.Error(), "not tried again") || strings.Contains(err.Error(), "654321") {
			t.Fatalf("got %v", err)
		}
	}
	if err := issueWith(t.Context(), keysOf(t, openHSM(t, module, "wrong", tokenPIN, ""))[0]); err != nil {
		t.Errorf("the token is locked: %v", err)
	}
}

func TestHSMThatIsNotThere(t *testing.T) {
	module := tokenOf(t, "there")
	for name, source := range map[string]signers.Source{
		"no such token":  openHSM(t, module, "elsewhere", tokenPIN, ""),
		"no such key":    openHSM(t, module, "there", tokenPIN, ";id=%09"),
		"no such module": openHSM(t, "/nowhere.so", "there", tokenPIN, ""),
	} {
		if _, err := source.Keys(t.Context()); err == nil || strings.Contains(err.Error(), tokenPIN) || !source.Remote() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
