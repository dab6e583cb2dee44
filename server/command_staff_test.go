// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/pquerna/otp/totp"
)

var (
	shownPassword = regexp.MustCompile(`password \(shown once\): (\S+)`)
	shownSecret   = regexp.MustCompile(`second factor, base 32 \(shown once\): ([A-Z2-7]+)`)
)

// TestBesideServe runs the commands of the first day while serve runs on its
// private PostgreSQL, as operations.md tells.
func TestBesideServe(t *testing.T) {
	t.Parallel()
	dir := freshHome(t)
	text := filepath.Join(t.TempDir(), "terms.txt")
	if err := os.WriteFile(text, []byte("第１条　利用者は、この約款に同意する。\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	publish := func(release, from string) []string {
		return []string{"publish", "--data-dir", dir, "--kind", "TERMS", "--release", release, "--title", "利用約款 第" + release + "版", "--effective-from", from, text}
	}
	// Before the first serve: the command runs PostgreSQL itself.
	wantText(t, succeed(t, nil, "migrate", "--data-dir", dir), "the database is up to date")
	wantText(t, succeed(t, nil, publish("1.0", "2020-01-01")...), "published TERMS 1.0")
	p, base := serving(t, nil, "--data-dir", dir)
	t.Run("staff add works once", func(t *testing.T) {
		add := []string{"staff", "add", "--data-dir", dir, "--email", "owner@example.jp", "--name", "責任 一郎"}
		wantText(t, refused(t, nil, add...), "--fitness-declared")
		add = append(add, "--fitness-declared", "--fitness-note", "人事票により確認")
		said := succeed(t, nil, add...)
		password, secret := shownPassword.FindStringSubmatch(said), shownSecret.FindStringSubmatch(said)
		if password == nil || secret == nil {
			t.Fatalf("printed %q", said)
		}
		code, err := totp.GenerateCode(secret[1], machineClock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := clientOf(t, base, "").signIn(t.Context(), "owner@example.jp", password[1], code); err != nil {
			t.Error(err)
		}
		wantText(t, refused(t, nil, add...), "there is a service owner already")
	})
	t.Run("what is published is in the repository", func(t *testing.T) {
		wantText(t, succeed(t, nil, publish("1.1", "2026-01-01")...), "published TERMS 1.1")
		_, page := fetch(t, base+"/repository")
		wantText(t, page, "利用約款 第1.0版", "利用約款 第1.1版")
	})
	t.Run("what cannot be published is refused", func(t *testing.T) {
		wantText(t, refused(t, nil, publish("1.1", "2026-01-01")...), "CONFLICT")
		wantText(t, refused(t, nil, publish("1.2", "2026-02-30")...), "--effective-from")
		wantText(t, refused(t, nil, "publish", "--data-dir", dir, "--kind", "SONG", "--release", "1", "--title", "x", "--effective-from", "2026-01-01", text), "--kind")
		wantText(t, refused(t, nil, "publish", "--data-dir", dir, "--kind", "TERMS", "--release", "1", "--title", "x", "--effective-from", "2026-01-01", text+"."), "no such file")
	})
	t.Run("migrate", func(t *testing.T) {
		wantText(t, succeed(t, nil, "migrate", "--data-dir", dir), "the database is up to date")
	})
	if status, body := fetch(t, base+"/readyz"); status != 200 {
		t.Errorf("a command beside it disturbed serve: %d %s", status, body)
	}
	p.stop(t)
}

// TestHelp holds help to the settings: every flag of every command is explained,
// with its default and its variable, which has the flag's name.
func TestHelp(t *testing.T) {
	t.Parallel()
	var c commands
	parser, err := kong.New(&c, kong.Name("ininjo"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, succeed(t, nil, "version"), "ininjo ")
	for _, command := range parser.Model.Leaves(true) {
		path := wordsOf(command)
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			help := strings.Join(strings.Fields(succeed(t, nil, append(path, "--help")...)), " ")
			wantText(t, help, command.Help)
			for _, flag := range command.Flags {
				if flag.Help == "" {
					t.Errorf("--%s is not explained", flag.Name)
				}
				wantText(t, help, "--"+flag.Name)
				for _, env := range flag.Envs {
					wantText(t, help, "$"+env)
					if name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(env, "ININJO_"), "_", "-")); name != flag.Name && env != "ININJO_DEMO_DATA_DIR" {
						t.Errorf("--%s is set by %s", flag.Name, env)
					}
				}
			}
		})
	}
	help := strings.Join(strings.Fields(succeed(t, nil, "serve", "--help")), " ")
	settings := reflect.TypeFor[Config]()
	for i := range settings.NumField() {
		field := settings.Field(i)
		if !field.IsExported() {
			continue
		}
		wantText(t, help, "$"+field.Tag.Get("env"))
		wantText(t, help, field.Tag.Get("default"))
		if !strings.HasPrefix(field.Tag.Get("env"), "ININJO_") || field.Tag.Get("help") == "" {
			t.Errorf("%s has no variable or no help", field.Name)
		}
	}
	wantText(t, refused(t, nil, "serve", "--no-such-flag"), "unknown flag --no-such-flag")
	wantText(t, refused(t, nil, "frobnicate"), "frobnicate")
	wantText(t, refused(t, nil), "expected one of", "serve")
}

// wordsOf are the words that name a command.
func wordsOf(command *kong.Node) []string {
	if command.Type != kong.CommandNode {
		return nil
	}
	return append(wordsOf(command.Parent), command.Name)
}
