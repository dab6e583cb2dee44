// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"embed"
	"io/fs"
	"strings"
	"sync"
)

//go:embed *.graphqls
var files embed.FS

// SDL returns the schema as it is written, in one text; /schema.graphqls
// serves it.
var SDL = sync.OnceValue(func() string {
	names, err := fs.Glob(files, "*.graphqls")
	if err != nil {
		panic(err) // the pattern is written above
	}
	texts := make([]string, len(names))
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		texts[i] = string(text)
	}
	return strings.Join(texts, "\n")
})
