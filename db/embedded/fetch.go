// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	library "github.com/fergusstrange/embedded-postgres"
)

// fetchTimeout bounds a download of about 60 MB over a slow line.
const fetchTimeout = 10 * time.Minute

// versions are those the library knows by name, by major version.
func versions() map[int]string {
	return map[int]string{
		15: string(library.V15), 16: string(library.V16), 17: string(library.V17), 18: string(library.V18),
	}
}

// fetch gives the fetched binaries of a major version (0 for any), downloading
// them into the cache unless they are there.
func fetch(ctx context.Context, cfg FetchConfig, major int) (binaries, error) {
	version, err := cfg.version(major)
	if err != nil {
		return binaries{}, err
	}
	cache, err := cfg.cache()
	if err != nil {
		return binaries{}, err
	}
	home := filepath.Join(cache, "postgresql-"+version+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if b, err := inspect(filepath.Join(home, "bin")); err == nil {
		return b, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	if err := download(ctx, cfg.Repository, version, cache, home); err != nil {
		return binaries{}, err
	}
	return inspect(filepath.Join(home, "bin"))
}

func (cfg FetchConfig) version(major int) (string, error) {
	switch {
	case cfg.Off:
		return "", errors.New("fetching is switched off")
	case cfg.Version != "" && (major == 0 || strings.HasPrefix(cfg.Version, strconv.Itoa(major)+".")):
		return cfg.Version, nil
	case major == 0:
		return string(library.V18), nil
	}
	version, known := versions()[major]
	if !known {
		return "", fmt.Errorf("PostgreSQL %d cannot be fetched", major)
	}
	return version, nil
}

// cache makes the cache folder. Root's own cache folder is closed to the user
// PostgreSQL runs as.
func (cfg FetchConfig) cache() (string, error) {
	dir := cfg.CacheDir
	if dir == "" && os.Geteuid() == 0 {
		dir = "/var/cache/ininjo"
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding cache folder: %w", err)
		}
		dir = filepath.Join(user, "ininjo")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making cache folder: %w", err)
	}
	return filepath.Abs(dir)
}

// download lets the library fetch, check (.sha256) and unpack into a folder of
// its own, and moves the result to its place in one step.
func download(ctx context.Context, repository, version, cache, home string) error {
	staging, err := os.MkdirTemp(cache, ".fetching-")
	if err != nil {
		return fmt.Errorf("making folder to fetch into: %w", err)
	}
	defer os.RemoveAll(staging)
	if err := unpack(ctx, repository, version, staging); err != nil {
		return &fetchError{version: version, repository: repository, cause: err}
	}
	unpacked := filepath.Join(staging, "binaries")
	if _, err := inspect(filepath.Join(unpacked, "bin")); err != nil {
		return fmt.Errorf("checking fetched PostgreSQL %s: %w", version, err)
	}
	if err := os.Rename(unpacked, home); err != nil {
		if _, other := inspect(filepath.Join(home, "bin")); other == nil {
			return nil // another process was first
		}
		return fmt.Errorf("storing fetched PostgreSQL: %w", err)
	}
	return nil
}

// unpack runs the library's only entry point, Start, against throwaway folders.
// Their data folder claims to exist already (PG_VERSION) and holds nothing else,
// so that no initdb runs and no server can start: Start's last error is the
// sign that fetching and unpacking worked.
func unpack(ctx context.Context, repository, version, staging string) error {
	data := filepath.Join(staging, "no-data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return fmt.Errorf("making throwaway folder: %w", err)
	}
	major, _, _ := strings.Cut(version, ".")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return fmt.Errorf("marking throwaway folder: %w", err)
	}
	settings := library.DefaultConfig().Version(library.PostgresVersion(version)).Port(0).
		CachePath(filepath.Join(staging, "archive")).BinariesPath(filepath.Join(staging, "binaries")).
		RuntimePath(filepath.Join(staging, "runtime")).DataPath(data).Logger(io.Discard)
	if repository != "" {
		settings = settings.BinaryRepositoryURL(strings.TrimRight(repository, "/"))
	}
	result := make(chan error, 1)
	go func() { result <- startThrowaway(settings) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done(): // the library takes no context; it ends with its connection
		return ctx.Err()
	}
}

func startThrowaway(settings library.Config) (err error) {
	defer func() {
		if r := recover(); r != nil { // the library panics on some file errors
			err = fmt.Errorf("unpacking: %v", r)
		}
	}()
	defer dropLogs(libraryLogs())
	server := library.NewDatabase(settings)
	err = server.Start()
	if err == nil {
		return server.Stop()
	}
	if strings.HasPrefix(err.Error(), "could not start postgres") {
		return nil
	}
	return err
}

// libraryLogs lists the files that the library leaves in the temporary folder.
func libraryLogs() []string {
	logs, _ := filepath.Glob(filepath.Join(os.TempDir(), "embedded_postgres_log*"))
	return logs
}

// dropLogs removes those that are new; a log lost to another fetch is no loss.
func dropLogs(before []string) {
	for _, name := range libraryLogs() {
		if !slices.Contains(before, name) {
			_ = os.Remove(name)
		}
	}
}

// fetchError tells what failed without the secrets of the repository's URL,
// which the library quotes.
type fetchError struct {
	version, repository string
	cause               error
}

// Error tells version, repository and cause.
func (e *fetchError) Error() string {
	cause := e.cause.Error()
	if e.repository != "" {
		cause = strings.ReplaceAll(cause, strings.TrimRight(e.repository, "/"), shown(e.repository))
	}
	return fmt.Sprintf("fetching PostgreSQL %s from %s: %s", e.version, shown(e.repository), cause)
}

// Unwrap gives the cause, for the end of a context.
func (e *fetchError) Unwrap() error { return e.cause }

// shown is a repository's URL without what may be secret in it.
func shown(repository string) string {
	if repository == "" {
		return "Maven Central"
	}
	u, err := url.Parse(repository)
	if err != nil {
		return "the repository given"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
