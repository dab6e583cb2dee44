// SPDX-License-Identifier: Apache-2.0

package webtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oldestNode is the first major version that every package in portal/package-lock.json runs on.
const oldestNode = 22

// limit ends a script that hangs before the test binary's own time limit would, which shows no output.
const limit = 5 * time.Minute

const remedy = "run `go run github.com/go-task/task/v3/cmd/task@v3.45.4 setup` in the repository"

// Node runs a script of portal/ (a path below it, such as "browser/delegator.mjs") with Node 22 or newer, in
// the folder portal/, with the process's environment and env on top. It fails the test with all that the
// script printed when it exits non-zero, and returns its standard output.
func Node(tb testing.TB, script string, env map[string]string, arguments ...string) string {
	tb.Helper()
	return run(tb, ".", env, append([]string{script}, arguments...)...)
}

// Audits runs the 61 server audits of graphql-http against a GraphQL URL and fails the test if any is not ok.
func Audits(tb testing.TB, url, token string) string {
	tb.Helper()
	return Node(tb, "audits.mjs", map[string]string{"ININJO_AUDIT_TOKEN": token}, url)
}

// SchemaLint holds graph/schema to the rules of portal/eslint.config.mjs: a description on every name.
func SchemaLint(tb testing.TB) string {
	tb.Helper()
	// ESLint takes files below its working folder only, and the schema stands beside portal/.
	return run(tb, "..", nil, "portal/node_modules/eslint/bin/eslint.js",
		"--config", "portal/eslint.config.mjs", "--max-warnings", "0", "graph/schema/**/*.graphqls")
}

func run(tb testing.TB, folder string, env map[string]string, arguments ...string) string {
	tb.Helper()
	portal, err := portalDir()
	if err != nil {
		tb.Fatal(err)
	}
	node, err := findNode(tb.Context(), portal)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, node, arguments...)
	command.Dir = filepath.Join(portal, folder)
	command.Env = os.Environ()
	if os.Getenv("NODE_COMPILE_CACHE") == "" { // a third of what reading Playwright takes
		command.Env = append(command.Env, "NODE_COMPILE_CACHE="+filepath.Join(portal, "node_modules", ".compiled"))
	}
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	// Chromium outlives a killed Node and keeps the pipes open; do not wait for it.
	command.WaitDelay = 5 * time.Second
	var output, faults strings.Builder
	command.Stdout, command.Stderr = &output, &faults
	if err := command.Run(); err != nil {
		tb.Fatalf("node %s: %v\n%s%s", arguments[0], err, output.String(), faults.String())
	}
	return output.String()
}

// portalDir walks up from the test's folder to the module's root, for tests of every package may call.
func portalDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("finding portal/: no go.mod above the working folder")
		}
		dir = parent
	}
	portal := filepath.Join(dir, "portal")
	if _, err := os.Stat(filepath.Join(portal, "node_modules", "playwright-core")); err != nil {
		return "", fmt.Errorf("the npm packages of portal/ are not installed: %s", remedy)
	}
	return portal, nil
}

// findNode prefers the Node that the lock file names, so that every machine runs the same one.
func findNode(ctx context.Context, portal string) (string, error) {
	architecture := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if architecture == "" {
		architecture = runtime.GOARCH
	}
	packed := filepath.Join(portal, "node_modules", "node-"+runtime.GOOS+"-"+architecture, "bin", "node")
	for _, candidate := range []string{packed, "node"} {
		path, err := exec.LookPath(candidate)
		if err != nil {
			continue
		}
		if major(ctx, path) >= oldestNode {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Node %d or newer found: %s", oldestNode, remedy)
}

// major is the major version of a node binary, 0 if it does not run.
func major(ctx context.Context, path string) int {
	answer, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return 0
	}
	digits, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(answer)), "v"), ".")
	number, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return number
}
