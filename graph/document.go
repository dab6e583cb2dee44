// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// builtIn are the documents that every service knows.
//
//go:embed documents/*.graphql
var builtIn embed.FS

// BuiltInDocuments are the documents that every service knows, by the name of
// their file.
func BuiltInDocuments() map[string]string {
	all := map[string]string{}
	files, _ := builtIn.ReadDir("documents") // embedded: it is there
	for _, file := range files {
		text, _ := builtIn.ReadFile(path.Join("documents", file.Name()))
		all[file.Name()] = string(text)
	}
	return all
}

// Documents are the trusted ones: registered before the service starts, and
// asked for by the SHA-256 of their text. Free queries stay allowed beside them.
type Documents struct {
	// byHash are the documents by the hash in lower-case hex; parsed are the same
	// by their text, so that none is ever parsed twice.
	byHash map[string]*document
	parsed map[string]*ast.QueryDocument
}

type document struct {
	text string
	// plan is nil for what the executor answers.
	plan *plan
}

// hashPrefix stands before the hash in a documentId.
const hashPrefix = "sha256:"

// NewDocuments registers the built-in documents and others, by any name. Each is
// known by the hash of its text as it stands in its file and without the white
// space around it. One that does not fit the schema or is beyond the limits is
// an error that names it.
func NewDocuments(others map[string]string, limits Limits) (*Documents, error) {
	d := &Documents{byHash: map[string]*document{}, parsed: map[string]*ast.QueryDocument{}}
	limits = limits.orDefaults()
	known := schema.NewExecutableSchema(schema.Config{}).Schema()
	for _, texts := range []map[string]string{BuiltInDocuments(), others} {
		for name, text := range texts {
			if err := d.add(known, text, limits); err != nil {
				return nil, fmt.Errorf("document %s: %w", name, err)
			}
		}
	}
	return d, nil
}

func (d *Documents) add(known *ast.Schema, text string, limits Limits) error {
	if len(text) > limits.Query {
		return fmt.Errorf("it is longer than %d bytes", limits.Query)
	}
	query, faults := gqlparser.LoadQueryWithRules(known, text, rules.NewDefaultRules())
	if len(faults) > 0 {
		return errors.New(faults[0].Message)
	}
	for _, operation := range query.Operations {
		c := count{limits: limits}
		if c.selections(operation.SelectionSet, 1); c.over {
			return errors.New("it asks for more than one request may")
		}
	}
	made := &document{text: text, plan: newPlan(query, limits)}
	d.parsed[text] = query
	for _, each := range []string{text, strings.TrimSpace(text)} {
		sum := sha256.Sum256([]byte(each))
		d.byHash[hex.EncodeToString(sum[:])] = made
	}
	return nil
}

// find is the document of a documentId, nil where none is known.
func (d *Documents) find(id []byte) *document {
	if d == nil || len(id) < len(hashPrefix) || string(id[:len(hashPrefix)]) != hashPrefix {
		return nil
	}
	return d.byHash[string(id[len(hashPrefix):])]
}

// Get is the parsed text of a trusted document.
func (c queryCache) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	if c.trusted != nil {
		if query, known := c.trusted.parsed[text]; known {
			return query, true
		}
	}
	return c.Cache.Get(ctx, text)
}

// resolve puts the text of a trusted document into a request that names it, by
// documentId (GraphQL over HTTP, persisted documents) or as Apollo's clients do.
// A text that comes beside the name must be the one that is named.
func (t *Handler) resolve(params *graphql.RawParams, id string) error {
	if id == "" {
		id = apolloID(params.Extensions)
	}
	if id == "" {
		return nil
	}
	found := t.documents.find([]byte(id))
	switch {
	case params.Query != "" && id != hashPrefix+hashOf(params.Query) && (found == nil || found.text != params.Query):
		return badRequest
	case params.Query != "":
		return nil
	case found == nil:
		return &poa.Error{Code: poa.CodeDocumentNotFound}
	}
	params.Query = found.text
	return nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// apolloID is the document that extensions.persistedQuery names.
func apolloID(extensions map[string]any) string {
	named, ok := extensions["persistedQuery"].(map[string]any)
	if !ok {
		return ""
	}
	hash, _ := named["sha256Hash"].(string)
	return hashPrefix + hash
}
