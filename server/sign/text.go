// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"ininjo/poa/locale"
)

//go:embed locale/*.json
var localeFiles embed.FS

var texts = map[string]map[string]string{"ja": readTexts("ja"), "en": readTexts("en")}

func readTexts(language string) map[string]string {
	var entries map[string]string
	file, err := localeFiles.ReadFile("locale/" + language + ".json")
	if err == nil {
		err = json.Unmarshal(file, &entries)
	}
	if err != nil {
		panic(fmt.Sprintf("reading texts of %s: %v", language, err)) // they are part of the program
	}
	return entries
}

// Texts are the words of one language, "ja" or "en".
type Texts string

// textsOfSystem follows the environment as programs do: LC_ALL before LC_MESSAGES before LANG; Japanese where
// nothing is said, as on Windows.
func textsOfSystem() Texts {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(strings.ToLower(value), "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "ja"
}

// T gives a text with its {placeholders} filled from pairs of name and value; a code's or label's from poa's own
// texts. What is filled in cannot steer a terminal. A missing one shows as ⟦key⟧.
func (t Texts) T(key string, pairs ...string) string {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = plain(pairs[i+1])
	}
	text, ok := texts[string(t)][key]
	if !ok {
		if locale.Has(string(t), key) {
			return locale.Text(string(t), key, args)
		}
		return "⟦" + key + "⟧"
	}
	for name, value := range args {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// problem is an error that tells its reader the way out, in both languages; its cause is for whoever looks deeper.
type problem struct {
	key   string
	pairs []string
	cause error
}

func wrong(key string, pairs ...string) *problem { return &problem{key: key, pairs: pairs} }

// because keeps the cause. It must hold no secret; those of PKCS #12 and PKCS #11 do not.
func (p *problem) because(err error) *problem {
	p.cause = err
	return p
}

// Error is the English text.
func (p *problem) Error() string { return Texts("en").T("problem."+p.key, p.pairs...) }

// Unwrap gives the cause.
func (p *problem) Unwrap() error { return p.cause }

// Problem says what went wrong and what to do, in the language.
func (t Texts) Problem(err error) string {
	var p *problem
	if errors.As(err, &p) {
		return t.T("problem."+p.key, p.pairs...)
	}
	return t.T("problem.other", "error", err.Error())
}

// isProblem says whether err is the problem of that key.
func isProblem(err error, key string) bool {
	var p *problem
	return errors.As(err, &p) && p.key == key
}
