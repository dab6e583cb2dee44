// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldestMajor is the oldest PostgreSQL the program's SQL runs on.
const oldestMajor = 15

// toolTimeout bounds the questions asked of binaries (--version, --bindir).
const toolTimeout = 10 * time.Second

// ErrNoBinaries means that no usable PostgreSQL was found on the machine.
var ErrNoBinaries = errors.New("no PostgreSQL 15 or later found")

// binaries are PostgreSQL's programs of one version.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, executable(program)) }

func executable(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}

// DefaultPlaces are the folders and glob patterns searched for PostgreSQL's
// binaries: PATH, what pg_config names, then the usual places of packages.
func DefaultPlaces() []string {
	var places []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(dir) {
			places = append(places, dir)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		places = append(places, strings.TrimSpace(string(out)))
	}
	return append(places, packaged()...)
}

func packaged() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{`C:\Program Files\PostgreSQL\*\bin`}
	case "darwin":
		return []string{
			"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
		}
	default:
		return []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*"}
	}
}

// FindBinaries finds the folder of postgres and initdb, version 15 or later:
// the explicit one if given, else the first of DefaultPlaces that has them.
func FindBinaries(explicit string) (string, error) {
	found, err := find(explicit, DefaultPlaces())
	if err != nil {
		return "", err
	}
	return found[0].dir, nil
}

// find gives all usable binaries, the preferred first; never none without an
// error.
func find(explicit string, places []string) ([]binaries, error) {
	if explicit != "" {
		b, err := inspect(explicit)
		if err != nil {
			return nil, fmt.Errorf("using PostgreSQL's binaries in %s: %w", explicit, err)
		}
		return []binaries{b}, nil
	}
	var found []binaries
	for _, dir := range expand(places) {
		b, err := inspect(dir)
		if err == nil && !slices.Contains(found, b) {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w (searched %s)", ErrNoBinaries, strings.Join(places, ", "))
	}
	return found, nil
}

// expand resolves glob patterns, newest version first.
func expand(places []string) []string {
	var dirs []string
	for _, place := range places {
		matches, err := filepath.Glob(place)
		if err != nil {
			continue // a folder whose name is no valid pattern holds no PostgreSQL
		}
		slices.SortFunc(matches, func(a, b string) int { return numberIn(b) - numberIn(a) })
		dirs = append(dirs, matches...)
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+`)

func numberIn(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path)) // none counts as oldest
	return n
}

// inspect follows links (packages put some of the programs into PATH) and asks
// for the version.
func inspect(dir string) (binaries, error) {
	server, err := filepath.EvalSymlinks(filepath.Join(dir, executable("postgres")))
	if err != nil {
		return binaries{}, fmt.Errorf("finding postgres: %w", err)
	}
	b := binaries{dir: filepath.Dir(server)}
	if _, err := os.Stat(b.path("initdb")); err != nil {
		return binaries{}, fmt.Errorf("finding initdb: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, server, "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("asking %s for its version: %w", server, err)
	}
	if b.major, err = majorOf(string(out)); err != nil {
		return binaries{}, err
	}
	if b.major < oldestMajor {
		return binaries{}, fmt.Errorf("PostgreSQL %d is older than %d", b.major, oldestMajor)
	}
	return b, nil
}

var versionText = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d{1,4})`)

// majorOf reads the answer of postgres --version.
func majorOf(answer string) (int, error) {
	match := versionText.FindStringSubmatch(answer)
	if match == nil {
		return 0, errors.New("postgres --version gave no version")
	}
	major, err := strconv.Atoi(match[1])
	if err != nil {
		return 0, fmt.Errorf("reading PostgreSQL's version: %w", err)
	}
	return major, nil
}
