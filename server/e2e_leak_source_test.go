// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// source is something that the service wrote: where, for whom (a role, or
// nobody), and what.
type source struct {
	kind, name, reader string
	text               []byte
}

// gather reads all that the service wrote up to now, but for its files.
func (o *office) gather() []source {
	o.t.Helper()
	found := []source{{kind: "log", name: "log", text: []byte(o.log.String())}, {kind: "metrics", name: "/metrics", text: o.scraped()}}
	found = append(found, o.answered()...)
	found = append(found, o.tables()...)
	found = append(found, o.mails()...)
	for role, p := range o.partners {
		for _, body := range p.taken() {
			found = append(found, source{"webhook", "a webhook", role, []byte(body)})
		}
	}
	postgres, err := os.ReadFile(filepath.Join(o.dir, "postgresql.log"))
	o.must(err)
	return append(found, source{kind: "PostgreSQL's log", name: "postgresql.log", text: postgres})
}

func (o *office) answered() []source {
	o.answers.mu.Lock()
	defer o.answers.mu.Unlock()
	var found []source
	for role, all := range o.answers.of {
		for _, each := range all {
			found = append(found, source{"answer", each.question, role, unfolded(each.text)})
		}
	}
	return found
}

// notFolded are the letters that base 64 has not.
func notFolded(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("+/_-", r)
}

// unfolded adds what stands in an answer in base 64, of files as of receipts,
// in 60 letters or more.
func unfolded(text []byte) []byte {
	all := slices.Clone(text)
	for _, each := range bytes.FieldsFunc(text, notFolded) {
		if len(each) < 60 {
			continue
		}
		plain := strings.NewReplacer("+", "-", "/", "_").Replace(string(each))
		if decoded, err := base64.RawURLEncoding.DecodeString(plain[:len(plain)/4*4]); err == nil {
			all = append(append(all, '\n'), decoded...)
		}
	}
	return all
}

// scraped is /metrics, whose address stands in the log.
func (o *office) scraped() []byte {
	o.t.Helper()
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`).FindString(o.log.String())
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, address, nil)
	o.must(err)
	response, err := http.DefaultClient.Do(request)
	o.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	o.must(err)
	return text
}

// tables are all rows of all tables, as text: jobs with their arguments and
// errors, the audit log, the outbox, deliveries.
func (o *office) tables() []source {
	o.t.Helper()
	ctx := context.WithoutCancel(o.t.Context())
	conn, err := pgx.Connect(ctx, o.service.database.cluster.SuperuserURL(databaseName))
	o.must(err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1`)
	o.must(err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	o.must(err)
	var found []source
	for _, name := range names {
		rows, err := conn.Query(ctx, "SELECT row_to_json(t)::text FROM "+name+" t")
		o.must(err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		o.must(err)
		if len(texts) > 0 {
			found = append(found, source{kind: "table " + name, name: name, text: unhex(strings.Join(texts, "\n"))})
		}
	}
	return found
}

// bytea is how JSON shows bytes.
var bytea = regexp.MustCompile(`\\\\x([0-9a-f]{2,})`)

// unhex adds the bytes that stand in a row in hexadecimal.
func unhex(text string) []byte {
	all := []byte(text)
	for _, each := range bytea.FindAllStringSubmatch(text, -1) {
		var decoded []byte
		if _, err := fmt.Sscanf(each[1], "%x", &decoded); err == nil {
			all = append(append(all, '\n'), decoded...)
		}
	}
	return all
}

// mails are what the mail server took, each with the role that it went to.
func (o *office) mails() []source {
	o.t.Helper()
	all, err := (&mailbox{dir: o.post.dir, seen: map[string]bool{}}).unread()
	o.must(err)
	var found []source
	for name, m := range all {
		raw, err := os.ReadFile(name)
		o.must(err)
		reader, _, _ := strings.Cut(strings.Trim(m.to, "<>"), "@")
		found = append(found, source{"mail", m.subject, strings.ReplaceAll(reader, "-", " "), unfolded(append([]byte(m.subject+"\n"+m.text+"\n"), bytes.ReplaceAll(raw, []byte("\r\n"), nil)...))})
	}
	return found
}

// notSearched are the folders of the data folder that are the tests' own, or hold keys.
var notSearched = []string{"ca", "received", "keys", "postgresql.password"}

// stored are the files of a service that stopped: tables, write-ahead log, key store.
func (o *office) stored() []source {
	o.t.Helper()
	var found []source
	o.must(filepath.WalkDir(o.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || slices.Contains(notSearched, filepath.Base(path)) {
			if err == nil && entry.IsDir() {
				err = fs.SkipDir
			}
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		found = append(found, source{kind: "file", name: strings.TrimPrefix(path, o.dir), text: text})
		return err
	}))
	return found
}
