// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	// superuser is the cluster's first role.
	superuser    = "postgres"
	passwordName = "postgresql.password"
)

// initialise makes the cluster unless it is there. It grows beside its place
// and is moved there when whole, so that a crash leaves none or all of it.
func initialise(ctx context.Context, cfg Config, b binaries, who account, password string) error {
	pgDir := filepath.Join(cfg.DataDir, "pg")
	if _, err := os.Stat(pgDir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	passwordFile, err := handPassword(cfg.DataDir, who, password)
	if err != nil {
		return err
	}
	defer os.Remove(passwordFile)
	fresh := filepath.Join(cfg.DataDir, "pg.new")
	for _, locale := range locales(b.major) {
		err = initdb(ctx, cfg, b, who, fresh, passwordFile, locale)
		if err == nil {
			return settle(fresh, pgDir)
		}
		if !strings.Contains(err.Error(), "invalid locale") {
			break
		}
	}
	return fmt.Errorf("making the database cluster: %w", err)
}

func initdb(ctx context.Context, cfg Config, b binaries, who account, fresh, passwordFile string, locale []string) error {
	if err := os.RemoveAll(fresh); err != nil { // the rest of a first start that was cut off
		return fmt.Errorf("clearing %s: %w", fresh, err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("making cluster folder: %w", err)
	}
	if err := who.own(fresh); err != nil {
		return err
	}
	args := []string{
		"-D", fresh, "-U", superuser, "--pwfile", passwordFile, "--encoding", "UTF8", "--data-checksums",
		"--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256", "--no-instructions",
	}
	if !cfg.durable() {
		args = append(args, "--no-sync")
	}
	return run(ctx, who, fresh, b.path("initdb"), append(args, locale...)...)
}

// locales are what to try, the best first. All sort by code point, so that the
// order of rows does not depend on the machine; C.UTF-8 also knows the letters
// beyond ASCII, but not every system has it before PostgreSQL 17 brought its own.
func locales(major int) [][]string {
	plain := []string{"--locale", "C"}
	switch {
	case major >= 17:
		return [][]string{{"--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"}}
	case runtime.GOOS == "linux":
		return [][]string{{"--locale", "C.UTF-8"}, plain}
	}
	return [][]string{plain}
}

func settle(fresh, pgDir string) error {
	if err := os.Rename(fresh, pgDir); err != nil {
		return fmt.Errorf("moving the new cluster to its place: %w", err)
	}
	return syncFolder(filepath.Dir(pgDir))
}

// syncFolder makes a rename durable; Windows cannot and need not.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	return nil
}

// handPassword writes the password where initdb, as another user, can read it.
func handPassword(dataDir string, who account, password string) (string, error) {
	path := filepath.Join(dataDir, passwordName+".initdb")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("removing old password file: %w", err)
	}
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing password for initdb: %w", err)
	}
	return path, who.own(path)
}

// superPassword reads the superuser's password, or makes it before the cluster
// that is to know it.
func superPassword(dataDir string) (string, error) {
	path := filepath.Join(dataDir, passwordName)
	text, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading PostgreSQL's password: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dataDir, "pg")); err == nil {
		return "", fmt.Errorf("the database's password file %s is missing or empty: restore it from a backup of the data folder", path)
	}
	password := rand.Text()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("writing PostgreSQL's password: %w", err)
	}
	_, err = file.WriteString(password + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("writing PostgreSQL's password: %w", err)
	}
	return password, nil
}
