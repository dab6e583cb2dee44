// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"embed"
	"strings"
	"sync"
)

// TableVersion names the table of variants that comparisons follow; evidence
// records it. It is raised with every change of the files in table, and of the
// rules that read them.
const TableVersion = "2026-11-26"

// files hold the pairs; table/LICENSES.md says where they come from.
//
//go:embed table/law.txt table/related.txt table/unihan.txt
var files embed.FS

// relation says how two different characters stand to one another.
type relation int

const (
	// unrelated characters make a MISMATCH.
	unrelated relation = iota
	// related ones stand for one another in names: POSSIBLE.
	related
	// same ones are forms of one character by law or standard: MATCH.
	same
)

// sameSections are those whose pairs are one character: the forms that
// 常用漢字表 and 人名用漢字 join, those that JIS X 0208 unifies, and what Unicode
// encodes twice (kZVariant).
var sameSections = map[string]bool{"joyo": true, "jinmei": true, "jis": true, "unified": true, "z": true}

type pair [2]rune

type variants struct {
	relations map[pair]relation
	forms     map[rune][]rune // of one character, by either
}

var table = sync.OnceValue(readTable)

// readTable reads the files, which are part of the program.
func readTable() variants {
	v := variants{relations: map[pair]relation{}, forms: map[rune][]rune{}}
	for _, name := range []string{"law", "related", "unihan"} {
		text, err := files.ReadFile("table/" + name + ".txt")
		if err != nil {
			panic("reading table of variants: " + err.Error())
		}
		v.read(string(text), name == "related")
	}
	return v
}

func (v variants) read(text string, all bool) {
	kind := related
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			kind = related
			if sameSections[strings.Trim(line, "[]")] && !all {
				kind = same
			}
		default:
			for word := range strings.FieldsSeq(line) {
				two := []rune(word)
				v.add(two[0], two[1], kind)
			}
		}
	}
}

func (v variants) add(a, b rune, kind relation) {
	if v.relations[pair{a, b}] >= kind {
		return
	}
	v.relations[pair{a, b}], v.relations[pair{b, a}] = kind, kind
	if kind == same {
		v.forms[a], v.forms[b] = append(v.forms[a], b), append(v.forms[b], a)
	}
}

// relationOf looks two characters up. Being one character is not passed on (辨
// and 辯 are both written 弁, and are two), but it makes related: so is what is
// related to another form of the same character.
func relationOf(a, b rune) relation {
	v := table()
	if r := v.relations[pair{a, b}]; r != unrelated {
		return r
	}
	for _, form := range v.forms[a] {
		if v.relations[pair{form, b}] != unrelated {
			return related
		}
	}
	for _, form := range v.forms[b] {
		if v.relations[pair{form, a}] != unrelated {
			return related
		}
	}
	return unrelated
}
