// SPDX-License-Identifier: Apache-2.0

package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// Languages lists the languages that every text stands in; the first is that
// of a caller who asks for none of them.
var Languages = []string{"ja", "en"}

//go:embed ja/*.json en/*.json
var files embed.FS

var texts = map[string]map[string]string{"ja": read("ja"), "en": read("en")}

// read gathers a language's files, one for each area. What it cannot read is
// part of the program, so every test finds it.
func read(language string) map[string]string {
	names, err := fs.Glob(files, language+"/*.json")
	if err != nil {
		panic(fmt.Sprintf("listing texts of %s: %v", language, err))
	}
	all := map[string]string{}
	for _, name := range names {
		file, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("reading texts: %v", err))
		}
		var entries map[string]string
		if err := json.Unmarshal(file, &entries); err != nil {
			panic(fmt.Sprintf("reading texts of %s: %v", name, err))
		}
		for key, text := range entries {
			if _, twice := all[key]; twice {
				panic(fmt.Sprintf("text %s of %s stands in another file as well", key, name))
			}
			all[key] = text
		}
	}
	return all
}

// Text returns the text of a code or the label of a key in the language, with
// args in its places, written {name}. Where there is no such text it returns
// the key itself; any language but en is Japanese.
func Text(language, key string, args map[string]string) string {
	text, ok := texts[supported(language)][key]
	if !ok {
		return key
	}
	if len(args) == 0 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has reports whether the key has a text in the language.
func Has(language, key string) bool {
	_, ok := texts[supported(language)][key]
	return ok
}

// Keys returns every key of the language, in no order.
func Keys(language string) []string {
	keys := make([]string, 0, len(texts[supported(language)]))
	for key := range texts[supported(language)] {
		keys = append(keys, key)
	}
	return keys
}

func supported(language string) string {
	if language == "en" || strings.HasPrefix(language, "en-") {
		return "en"
	}
	return "ja"
}
