// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"syscall"

	"ininjo/poa/locale"
)

// tongue is the language that a command speaks: ja or en.
type tongue string

// language is the one that was asked for, or the terminal's.
func (c *verifyCommand) language() tongue {
	if c.Language == "ja" || c.Language == "en" {
		return tongue(c.Language)
	}
	return terminalLanguage()
}

// terminalLanguage is that of the terminal: Japanese if it says so, else English, which
// every terminal can show.
func terminalLanguage() tongue {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}

// told is why something was not verified.
func (l tongue) told(key string, values ...string) string {
	args := map[string]string{}
	for i := 0; i+1 < len(values); i += 2 {
		args[values[i]] = values[i+1]
	}
	return locale.Text(string(l), "verify."+key, args)
}

// named is how a file is called.
func (l tongue) named(path string) string {
	if path == "-" {
		return l.told("stdin")
	}
	return path
}

// unread says why a file cannot be read.
func (l tongue) unread(path string, err error) error {
	why := "other"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "missing"
	case errors.Is(err, fs.ErrPermission):
		why = "forbidden"
	case errors.Is(err, syscall.EISDIR):
		why = "folder"
	}
	said := l.told("file."+why, "file", l.named(path))
	if why == "other" {
		return fmt.Errorf("%s (%w)", said, err)
	}
	return errors.New(said)
}

// misused are the words of the library that reads commands, by what they mean.
var misused = []struct {
	key   string
	words *regexp.Regexp
}{
	{"flag.unknown", regexp.MustCompile(`^unknown flag (\S+?),?(?: .*)?$`)},
	{"flag.missing", regexp.MustCompile(`^missing flags: (--[a-z-]+).*$`)},
	{"flag.value", regexp.MustCompile(`^(--\S+) must be one of .*$`)},
	{"flag.several", regexp.MustCompile(`^(\S+) can't be repeated.*$`)},
	{"argument.file", regexp.MustCompile(`^expected ("<file>").*$`)},
	{"argument.which", regexp.MustCompile(`^expected one of (.+)$`)},
	{"argument.missing", regexp.MustCompile(`^expected (.+)$`)},
	{"argument.unknown", regexp.MustCompile(`^unexpected argument (.+?)(?:, did you mean .*)?$`)},
	{"flag.value", regexp.MustCompile(`^(--\S+): .*$`)},
}

// misuse says in the language of `verify` how it was called wrongly. English is the library's own.
func misuse(args []string, err error) error {
	if len(args) == 0 || args[0] != "verify" || languageIn(args) != "ja" {
		return err
	}
	for _, each := range misused {
		if match := each.words.FindStringSubmatch(err.Error()); match != nil {
			return errors.New(tongue("ja").told(each.key, "value", match[1]))
		}
	}
	return fmt.Errorf("%s (%w)", tongue("ja").told("misuse"), err)
}

// languageIn reads the language out of arguments that were not understood.
func languageIn(args []string) tongue {
	c := verifyCommand{Language: os.Getenv("ININJO_LANGUAGE")}
	for i, arg := range args {
		if value, found := strings.CutPrefix(arg, "--language="); found {
			c.Language = value
		}
		if arg == "--language" && i+1 < len(args) {
			c.Language = args[i+1]
		}
	}
	return c.language()
}
