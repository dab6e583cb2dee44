// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"ininjo/db"
	"ininjo/db/dbtest"
)

// TestKeyStoreDatabase runs the program with its key store in another database.
func TestKeyStoreDatabase(t *testing.T) {
	t.Parallel()
	o, cluster := newOwnDatabase(t), dbtest.Cluster(t)
	name := "keys_" + strings.ToLower(rand.Text())
	if err := db.EnsureDatabase(t.Context(), cluster.SuperuserURL("postgres"), name); err != nil {
		t.Fatal(err)
	}
	keyStore, err := url.Parse(cluster.SuperuserURL(name))
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := keyStore.User.Password()
	without := func() []string {
		args := o.args(t)
		for i, arg := range args {
			if arg == "--key-store" {
				return append(args[:i:i], args[i+2:]...)
			}
		}
		return args
	}
	environ := []string{keyStoreVariable + "=" + keyStore.String()}
	staff := append([]string{"staff", "add", "--email", "owner@example.jp", "--name", "責任者", "--fitness-declared"}, without()...)
	wantText(t, succeed(t, environ, staff...), "appointed")
	keys := &ownDatabase{superuser: keyStore.String()}
	if held := keys.ask(t, "SELECT (count(*) > 0 AND bool_and(length(wrapped) = 60))::text FROM wrapped_keys"); held != "true" {
		t.Error("the appointed person's key is not in the key store")
	}
	p, base := serving(t, environ, without()...)
	wantText(t, p.stderr.String(), "same PostgreSQL server")
	if status, body := fetch(t, base+"/readyz"); status != 200 {
		t.Errorf("answered %d %s", status, body)
	}
	p.stop(t)
	if strings.Contains(p.stderr.String(), secret) {
		t.Error("the log quotes the password")
	}
	nobody := "postgres://x:" + secret + "@127.0.0.1:1/x"
	for name, c := range map[string]struct{ flag, environment, want string }{
		"the data's own database":   {"", cluster.SuperuserURL(o.name), "holds the data"},
		"nobody there":              {"", nobody, "cannot be reached"},
		"a password on the line":    {nobody, "", "which everybody on the machine could read"},
		"a password in the query":   {"postgres://x@127.0.0.1:1/x?password=" + secret, "", "which everybody on the machine could read"},
		"no URL":                    {"", "postgres://x:" + secret + "@127.0.0.1:port/x", "not a PostgreSQL URL"},
		"a password only in a file": {"postgresql://x@127.0.0.1:1/x", "", "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--addr", "127.0.0.1:0"}, without()...)
			if c.flag != "" {
				args = append(args, "--key-store", c.flag)
			}
			said := refused(t, []string{keyStoreVariable + "=" + c.environment}, args...)
			wantText(t, said, "--key-store", c.want)
			if strings.Contains(said, secret) {
				t.Errorf("the message quotes the password: %s", said)
			}
		})
	}
}
