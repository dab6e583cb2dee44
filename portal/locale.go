// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed locale/*/*.json
var localeFiles embed.FS

// texts are the portal's own, by language and key.
type texts map[string]map[string]string

// loadTexts reads one folder for each language, one file for each area of the
// pages. A key that stands in two files is a mistake.
func loadTexts() (texts, error) {
	all := texts{}
	for _, lang := range []string{"ja", "en"} {
		names, err := fs.Glob(localeFiles, "locale/"+lang+"/*.json")
		if err != nil {
			return nil, fmt.Errorf("listing texts: %w", err)
		}
		all[lang] = map[string]string{}
		for _, name := range names {
			if err := all.add(lang, name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (t texts) add(lang, name string) error {
	file, err := localeFiles.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading texts: %w", err)
	}
	var entries map[string]string
	if err := json.Unmarshal(file, &entries); err != nil {
		return fmt.Errorf("parsing texts of %s: %w", name, err)
	}
	for key, text := range entries {
		if t.has(lang, key) {
			return fmt.Errorf("text %s of %s stands in another file as well", key, name)
		}
		t[lang][key] = text
	}
	return nil
}

// missing marks a text that is not there, so that no test overlooks it.
const missing = "⟦"

// text fills {name} with the values given in pairs.
func (t texts) text(lang, key string, pairs ...any) string {
	text, ok := t[lang][key]
	if !ok {
		return missing + key + "⟧"
	}
	if len(pairs) < 2 {
		return text
	}
	places := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		places = append(places, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(places...).Replace(text)
}

func (t texts) has(lang, key string) bool {
	_, ok := t[lang][key]
	return ok
}
