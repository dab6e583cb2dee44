// SPDX-License-Identifier: Apache-2.0

package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/db/embedded"
)

func TestStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	c := start(t, embedded.Config{DataDir: dir, Settings: map[string]string{
		"max_connections": "50", "log_min_error_statement": "error",
	}})
	t.Run("settings", func(t *testing.T) {
		for name, want := range map[string]string{
			"server_encoding": "UTF8", "data_checksums": "on", "password_encryption": "scram-sha-256",
			"fsync": "on", "listen_addresses": "", "max_connections": "50", "TimeZone": "UTC",
			"log_min_error_statement": "panic", "log_min_messages": "log", "log_error_verbosity": "terse",
		} {
			if got := ask(t, c.SuperuserURL("postgres"), "SHOW "+name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
	t.Run("files are the owner's alone", func(t *testing.T) {
		for name, want := range map[string]os.FileMode{"pg": 0o700, "socket": 0o700, "postgresql.password": 0o600, "postgresql.log": 0o600} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, error %v, want %v", name, info.Mode().Perm(), err, want)
			}
		}
	})
	t.Run("the password is needed", func(t *testing.T) {
		wrong := strings.Replace(c.SuperuserURL("postgres"), strings.TrimSpace(read(t, filepath.Join(dir, "postgresql.password"))), "wrong", 1)
		if conn, err := pgx.Connect(t.Context(), wrong); err == nil {
			_ = conn.Close(t.Context())
			t.Error("a wrong password was taken")
		}
	})
	t.Run("a role's URL", func(t *testing.T) {
		execute(t, c.SuperuserURL("postgres"), "CREATE ROLE clerk LOGIN PASSWORD '"+c.Password("clerk")+"'")
		if got := ask(t, c.URL("clerk", "postgres"), "SELECT current_user::text"); got != "clerk" {
			t.Errorf("signed in as %q", got)
		}
	})
	t.Run("the server's log holds no data", func(t *testing.T) {
		conn := connect(t, c.SuperuserURL("postgres"))
		for _, statement := range []string{
			"SELECT '山田花子'::int", "SELECT * FROM 山田花子", "CREATE TABLE p (n text UNIQUE)",
			"INSERT INTO p VALUES ('山田花子')", "INSERT INTO p VALUES ('山田花子')",
			"SELECT decode('山田花子', 'hex')", "DO $$ BEGIN RAISE WARNING '山田花子'; END $$",
		} {
			_, _ = conn.Exec(t.Context(), statement) // most are meant to fail
		}
		_ = conn.Close(t.Context())
		if text := read(t, filepath.Join(dir, "postgresql.log")); strings.Contains(text, "山田") {
			t.Errorf("the log says %s", text)
		}
	})
}

func TestStartAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, embedded.Config{DataDir: dir})
	url, password := first.SuperuserURL("postgres"), first.Password("clerk")
	execute(t, url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
	stop(t, first)
	stop(t, first)
	select {
	case <-first.Done():
	default:
		t.Error("stopped, but not done")
	}
	second := start(t, embedded.Config{DataDir: dir})
	if got := ask(t, second.SuperuserURL("postgres"), "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %q", got)
	}
	if second.Password("clerk") != password {
		t.Error("a role's password changed with the restart")
	}
}

func TestSecondProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, embedded.Config{DataDir: dir})
	_, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir})
	if !errors.Is(err, embedded.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second start says %v", err)
	}
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place(t, filepath.Join(dir, "postgresql.log"), strings.Repeat("old line\n", 1<<19))
	start(t, embedded.Config{DataDir: dir, Settings: map[string]string{"fsync": "off"}})
	if text := read(t, filepath.Join(dir, "postgresql.log")); len(text) > 4<<20 {
		t.Errorf("the log holds %d bytes", len(text))
	}
	if text := read(t, filepath.Join(dir, "postgresql.log.1")); !strings.HasPrefix(text, "old line") {
		t.Errorf("the log before begins with %.20q", text)
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	c := start(t, embedded.Config{DataDir: dir})
	if got := ask(t, c.SuperuserURL("postgres"), "SELECT 'here'"); got != "here" {
		t.Error(got)
	}
	socket := read(t, filepath.Join(dir, "postgresql.socket"))
	stop(t, c)
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket folder after the stop: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	none := []string{t.TempDir()}
	t.Run("no data folder", func(t *testing.T) {
		t.Parallel()
		if _, err := embedded.Start(t.Context(), embedded.Config{}); err == nil {
			t.Error("started nowhere")
		}
	})
	t.Run("neither found nor fetched", func(t *testing.T) {
		t.Parallel()
		_, err := embedded.Start(t.Context(), embedded.Config{DataDir: t.TempDir(), Places: none, Fetch: embedded.FetchConfig{
			Repository: "http://name:secret@127.0.0.1:1/maven", CacheDir: t.TempDir(),
		}})
		for _, want := range []string{none[0], "127.0.0.1:1", "apt-get install postgresql", "--database-url"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v tells a password", err)
		}
	})
	t.Run("explicit binaries missing", func(t *testing.T) {
		t.Parallel()
		_, err := embedded.Start(t.Context(), embedded.Config{DataDir: t.TempDir(), BinDir: none[0]})
		if err == nil || !strings.Contains(err.Error(), none[0]) {
			t.Errorf("says %v", err)
		}
	})
	t.Run("data of another version stays untouched", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		place(t, filepath.Join(dir, "pg", "PG_VERSION"), "9\n")
		_, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir, Fetch: embedded.FetchConfig{Off: true}})
		if err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 9") {
			t.Errorf("says %v", err)
		}
		if got := read(t, filepath.Join(dir, "pg", "PG_VERSION")); got != "9\n" {
			t.Errorf("left %q", got)
		}
	})
	t.Run("a folder that is no cluster stays untouched", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		place(t, filepath.Join(dir, "pg", "letters"), "kept")
		if _, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("says %v", err)
		}
		if got := read(t, filepath.Join(dir, "pg", "letters")); got != "kept" {
			t.Errorf("left %q", got)
		}
	})
	t.Run("context ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := embedded.Start(ctx, embedded.Config{DataDir: t.TempDir()}); !errors.Is(err, context.Canceled) {
			t.Errorf("says %v", err)
		}
	})
}

func place(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
