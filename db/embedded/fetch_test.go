// SPDX-License-Identifier: Apache-2.0

package embedded_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"ininjo/db/embedded"
)

// repository serves the machine's own PostgreSQL as a Maven repository would.
type repository struct {
	jar       []byte
	sum       string
	version   string
	downloads atomic.Int32
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasSuffix(req.URL.Path, "-"+r.version+".jar.sha256"):
		_, _ = w.Write([]byte(r.sum))
	case strings.HasSuffix(req.URL.Path, "-"+r.version+".jar"):
		r.downloads.Add(1)
		_, _ = w.Write(r.jar)
	default:
		http.NotFound(w, req)
	}
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	bin, err := embedded.FindBinaries("")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`\d+(\.\d+)?`).FindString(string(answer)) + ".0"
	jar := pack(t, filepath.Dir(bin))
	sum := sha256.Sum256(jar)
	return &repository{jar: jar, sum: hex.EncodeToString(sum[:]), version: version}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	cfg := embedded.Config{DataDir: t.TempDir(), Places: []string{t.TempDir()}, Fetch: embedded.FetchConfig{
		Repository: server.URL + "/maven/", CacheDir: t.TempDir(), Version: r.version,
	}}
	c := start(t, cfg)
	execute(t, c.SuperuserURL("postgres"), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
	stop(t, c)
	again := start(t, cfg)
	if got := ask(t, again.SuperuserURL("postgres"), "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("kept %q", got)
	}
	stop(t, again)
	if n := r.downloads.Load(); n != 1 {
		t.Errorf("downloaded %d times", n)
	}
	rest, err := os.ReadDir(cfg.Fetch.CacheDir)
	if err != nil || len(rest) != 1 {
		t.Errorf("the cache holds %v, error %v", rest, err)
	}
}

func TestFetchRefusals(t *testing.T) {
	t.Parallel()
	good := newRepository(t)
	for name, c := range map[string]struct {
		repository *repository
		version    string
		want       string
	}{
		"wrong checksum":       {&repository{jar: good.jar, sum: strings.Repeat("0", 64), version: good.version}, good.version, "checksums do not match"},
		"no archive":           {&repository{jar: []byte("no zip"), sum: digest([]byte("no zip")), version: good.version}, good.version, "zip"},
		"no such version":      {good, "15.99.0", "no version found matching 15.99.0"},
		"an archive cut short": {short(t), "15.1.0", "unable to extract"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.repository)
			t.Cleanup(server.Close)
			cache := t.TempDir()
			_, err := embedded.Start(t.Context(), embedded.Config{DataDir: t.TempDir(), Places: []string{t.TempDir()}, Fetch: embedded.FetchConfig{
				Repository: server.URL, CacheDir: cache, Version: c.version,
			}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %v, want %q", err, c.want)
			}
			if rest, err := os.ReadDir(cache); err != nil || len(rest) != 0 {
				t.Errorf("the cache holds %v, error %v", rest, err)
			}
		})
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// short is a repository whose archive ends in the middle.
func short(t *testing.T) *repository {
	t.Helper()
	whole := stored(bytes.Repeat([]byte("x"), 5000))
	jar := zipped(t, whole[:len(whole)/2])
	return &repository{jar: jar, sum: digest(jar), version: "15.1.0"}
}

// pack makes a jar with a .txz of the programs and their modules.
func pack(t *testing.T, home string) []byte {
	t.Helper()
	modules, err := filepath.Glob(filepath.Join(home, "lib", "*.so"))
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		add(t, out, "bin/"+name, filepath.Join(home, "bin", name))
	}
	for _, path := range modules {
		if name := filepath.Base(path); !strings.HasPrefix(name, "llvm") {
			add(t, out, "lib/"+name, path)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped(t, stored(archive.Bytes()))
}

func add(t *testing.T, out *tar.Writer, name, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = out.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data)), Typeflag: tar.TypeReg})
	}
	if err == nil {
		_, err = out.Write(data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var jar bytes.Buffer
	out := zip.NewWriter(&jar)
	file, err := out.CreateHeader(&zip.FileHeader{Name: "postgres.txz", Method: zip.Store})
	if err == nil {
		_, err = file.Write(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}

// stored writes data in the .xz format (version 1.1.0) without compressing it,
// so that the test needs no xz program: one block of uncompressed LZMA2 chunks.
func stored(data []byte) []byte {
	le := binary.LittleEndian
	sealed := func(b []byte) []byte { return le.AppendUint32(b, crc32.ChecksumIEEE(b)) }
	padded := func(b []byte) []byte { return append(b, make([]byte, (4-len(b)%4)%4)...) }
	flags := []byte{0, 1} // check: CRC32
	out := append([]byte{0xfd, '7', 'z', 'X', 'Z', 0}, sealed(flags[:2:2])...)
	block := sealed([]byte{2, 0, 0x21, 1, 8, 0, 0, 0})
	control := byte(1) // the first chunk resets the dictionary
	for rest := data; len(rest) > 0; control = 2 {
		n := min(len(rest), 1<<16)
		block = append(append(block, control, byte((n-1)>>8), byte(n-1)), rest[:n]...)
		rest = rest[n:]
	}
	block = append(block, 0)
	index := binary.AppendUvarint([]byte{0, 1}, uint64(len(block)+4))
	index = sealed(padded(binary.AppendUvarint(index, uint64(len(data)))))
	out = append(out, le.AppendUint32(padded(block), crc32.ChecksumIEEE(data))...)
	out = append(out, index...)
	footer := append(le.AppendUint32(nil, uint32(len(index)/4-1)), flags...)
	out = le.AppendUint32(out, crc32.ChecksumIEEE(footer))
	return append(append(out, footer...), 'Y', 'Z')
}
