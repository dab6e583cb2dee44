// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"ininjo/graph"
	"ininjo/poa"
)

// answersConfig is what of the settings concerns how many answers this process
// gives, and to whom.
type answersConfig struct {
	// Documents are trusted beside the built-in ones.
	Documents string `env:"ININJO_DOCUMENTS" help:"Trusted GraphQL documents beside the built-in ones: a folder of .graphql files, or a JSON file of SHA-256 and text. Clients name them by their hash. Free queries stay allowed." type:"path"`
	// TokenRate and UnknownRate bound each token, in each process; zero is no bound.
	TokenRate   int `default:"60000" env:"ININJO_TOKEN_RATE" help:"How much a token may ask of this process in a minute: each ID costs 1, a request without any 1. At least 100, or 0 for no bound."`
	UnknownRate int `default:"1000" env:"ININJO_UNKNOWN_RATE" help:"How many well-formed IDs of no delegation a token may ask this process about in an hour before it is refused until the hour ends; 0 for no bound."`
	// GOGC and MemoryLimit are those of Go's runtime.
	GOGC        int `default:"400" name:"gogc" env:"ININJO_GOGC" help:"How much the heap may grow before garbage is collected, in percent: more is faster and takes more memory. GOGC in the environment comes before it."`
	MemoryLimit int `default:"160" env:"ININJO_MEMORY_LIMIT" help:"Memory in MiB near which garbage is collected more often whatever --gogc says, so that a password's hash (64 MiB) does not let the heap grow to several times that. More where many large files are filed at once. GOMEMLIMIT in the environment comes before it; 0 for no limit."`
}

// check refuses what cannot be meant. Zero of --gogc is the default.
func (c answersConfig) check() error {
	if c.TokenRate < 0 || c.TokenRate > 0 && c.TokenRate < poa.MaxInquiries || c.UnknownRate < 0 {
		return errors.New("--token-rate is a number of IDs in a minute, at least 100 (as many as one question names), --unknown-rate one in an hour; 0 is no bound")
	}
	if c.GOGC < 0 || c.MemoryLimit < 0 {
		return errors.New("--gogc is a percentage, --memory-limit a number of MiB")
	}
	return nil
}

// tune sets Go's runtime, unless the environment does; beside tells that the
// database is on this machine.
func (c answersConfig) tune(beside bool) {
	if os.Getenv("GOGC") == "" && c.GOGC > 0 {
		debug.SetGCPercent(c.GOGC)
	}
	if os.Getenv("GOMEMLIMIT") == "" && c.MemoryLimit > 0 {
		debug.SetMemoryLimit(int64(c.MemoryLimit) << 20)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		tuned.Do(func() { runtime.GOMAXPROCS(threads(processors, beside)) })
	}
}

// tuned keeps the first service of a process from being overruled by the next.
var tuned sync.Once

// threads is how many threads of Go run at once. Beside its database the program
// leaves it half of the processors: it needs as much of them for an answer, and
// each thread that is woken while it works takes one from it, and time. Elsewhere
// there is one thread more than there are processors: where all are busy with
// requests, the runtime looks only now and then at what came from the database,
// which then stands idle with the next statement at hand; a thread to spare waits
// for that, and the system wakes it at once.
func threads(processors int, beside bool) int {
	if beside {
		return (processors + 1) / 2
	}
	return processors + 1
}

// processors are those that the program may use.
var processors = runtime.GOMAXPROCS(0)

// documents registers the trusted documents.
func (c answersConfig) documents() (*graph.Documents, error) {
	texts, err := readDocuments(c.Documents)
	if err != nil {
		return nil, fmt.Errorf("reading --documents: %w", err)
	}
	registered, err := graph.NewDocuments(texts, graph.Limits{})
	if err != nil {
		return nil, fmt.Errorf("registering --documents: %w", err)
	}
	return registered, nil
}

func readDocuments(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readManifest(path)
	}
	files, err := filepath.Glob(filepath.Join(path, "*.graphql"))
	if err == nil && len(files) == 0 {
		err = errors.New("the folder holds no .graphql file")
	}
	texts := map[string]string{}
	for _, file := range files {
		text, failed := os.ReadFile(file)
		texts[filepath.Base(file)], err = string(text), errors.Join(err, failed)
	}
	return texts, err
}

// readManifest reads an object of hashes and texts, as Relay and GraphQL Code
// Generator write it. A hash that is not its text's is refused.
func readManifest(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(content, &texts); err != nil {
		return nil, fmt.Errorf("it is no object of hashes and texts: %w", err)
	}
	for name, text := range texts {
		sum := sha256.Sum256([]byte(text))
		if strings.TrimPrefix(name, "sha256:") != hex.EncodeToString(sum[:]) {
			return nil, fmt.Errorf("%s is not the SHA-256 of its text, which is %x", name, sum)
		}
	}
	return texts, nil
}
