// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Config says where a private cluster lives and what it runs with.
type Config struct {
	// DataDir is the program's data folder; the cluster lives in its folder "pg".
	DataDir string
	// BinDir is the folder of postgres and initdb; empty searches Places.
	BinDir string
	// Places are the folders searched for binaries, as paths or glob patterns,
	// in order; nil means DefaultPlaces.
	Places []string
	// Fetch says where binaries come from when none are found.
	Fetch FetchConfig
	// Logger receives notices about the cluster; nil discards them.
	Logger *slog.Logger
	// User is the account PostgreSQL runs as when the program is root; empty
	// means the owner of existing data, else postgres, else nobody.
	User string
	// Settings override the server's settings, except those that keep it private.
	Settings map[string]string
}

// FetchConfig says how missing binaries are fetched.
type FetchConfig struct {
	// Repository is a Maven repository's URL; empty means Maven Central.
	Repository string
	// CacheDir keeps the unpacked binaries; empty means the user's cache folder
	// (/var/cache/ininjo for root).
	CacheDir string
	// Version is PostgreSQL's version as the repository names it ("18.3.0");
	// empty means the newest known, or the one an existing data folder needs.
	Version string
	// Off forbids fetching.
	Off bool
}

// tunable are the settings that Config.Settings may replace.
func tunable() map[string]string {
	return map[string]string{
		"max_connections":    "200",
		"fsync":              "on",
		"full_page_writes":   "on",
		"synchronous_commit": "on",
		"shared_buffers":     "128MB",
		"max_wal_size":       "1GB",
		"log_checkpoints":    "off",
	}
}

// private are the settings that keep the cluster to this machine and personal
// data out of its log: error texts, details, statements and parameters quote
// what was sent. The program itself reports errors, in its own words.
func private() map[string]string {
	return map[string]string{
		"password_encryption":               "scram-sha-256",
		"log_min_error_statement":           "panic",
		"log_min_messages":                  "log",
		"log_error_verbosity":               "terse",
		"log_statement":                     "none",
		"log_min_duration_statement":        "-1",
		"log_min_duration_sample":           "-1",
		"log_transaction_sample_rate":       "0",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"log_destination":                   "stderr",
		"logging_collector":                 "off",
		"log_line_prefix":                   "%m [%p] ",
		"log_timezone":                      "UTC",
		"timezone":                          "UTC",
		"lc_messages":                       "C",
		"unix_socket_permissions":           "0700",
	}
}

// arguments are the server's command-line options, in a stable order. Options
// there cannot be overridden by ALTER SYSTEM or postgresql.conf.
func (c Config) arguments(pgDir string, at address) []string {
	settings := tunable()
	maps.Copy(settings, c.Settings)
	maps.Copy(settings, private())
	maps.Copy(settings, at.settings())
	args := []string{"-D", pgDir}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// durable says whether the cluster is to survive a power cut.
func (c Config) durable() bool { return c.Settings["fsync"] != "off" }

// complete fills in defaults and makes the data folder's path absolute.
func (c Config) complete() (Config, error) {
	if c.DataDir == "" {
		return c, errors.New("a private PostgreSQL needs a data folder")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Places == nil {
		c.Places = DefaultPlaces()
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return c, fmt.Errorf("making data folder: %w", err)
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, fmt.Errorf("finding data folder: %w", err)
	}
	if c.DataDir, err = filepath.EvalSymlinks(dir); err != nil {
		return c, fmt.Errorf("finding data folder: %w", err)
	}
	return c, nil
}
