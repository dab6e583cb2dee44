// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed locale/ja.json locale/en.json
var localeFiles embed.FS

// texts are the portal's own, by language and key.
type texts map[string]map[string]string

func loadTexts() (texts, error) {
	all := texts{}
	for _, lang := range []string{"ja", "en"} {
		file, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err != nil {
			return nil, fmt.Errorf("reading texts: %w", err)
		}
		entries := map[string]string{}
		if err := json.Unmarshal(file, &entries); err != nil {
			return nil, fmt.Errorf("parsing texts of %s: %w", lang, err)
		}
		all[lang] = entries
	}
	return all, nil
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
