// SPDX-License-Identifier: Apache-2.0

package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "ininjo"

// source is one Go file of the module, whatever its build tags.
type source struct {
	pkg       string // below the module: "poa/cms"
	path      string // below the repository's root
	lines     int
	text      []byte
	file      *ast.File
	positions *token.FileSet
	test      bool
	generated bool
}

// imports are the paths that the file imports.
func (s source) imports() []string {
	var paths []string
	for _, each := range s.file.Imports {
		path, err := strconv.Unquote(each.Path.Value)
		if err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// at names a place in the file as editors open it.
func (s source) at(node ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.positions.Position(node.Pos()).Line)
}

// support says whether the file serves tests only, and so may use what tests may.
func (s source) support() bool {
	return s.test || s.pkg == "poa/poatest" || s.pkg == "db/dbtest" || s.pkg == "portal/webtest" || s.pkg == "server/house"
}

var load = sync.OnceValues(loadSources)

// sources are all Go files of the module, parsed once for all tests.
func sources(tb testing.TB) []source {
	tb.Helper()
	all, err := load()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func loadSources() ([]source, error) {
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Dir", "./...")
	command.Dir = filepath.Join("..", "..")
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	var all []source
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var listed struct{ ImportPath, Dir string }
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		found, err := readPackage(strings.TrimPrefix(listed.ImportPath, module+"/"), listed.Dir)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
}

// readPackage parses every file of a folder: go list leaves out what other systems or tags build.
func readPackage(pkg, dir string) ([]source, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", pkg, err)
	}
	var found []source
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", name, err)
		}
		found = append(found, source{
			pkg: pkg, path: pkg + "/" + filepath.Base(name), lines: bytes.Count(text, []byte("\n")), text: text,
			file: file, positions: positions,
			test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(file),
		})
	}
	return found, nil
}

// within says whether path is prefix or lies below it.
func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// room is the first element of a path below the module.
func room(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}
