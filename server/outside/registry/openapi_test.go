// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// description is docs/registry-openapi.yaml.
type description map[string]any

func loadDescription(t *testing.T) description {
	t.Helper()
	text, err := os.ReadFile("../../../docs/registry-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at walks down by keys; a missing one fails the test.
func (d description) at(t *testing.T, keys ...string) any {
	t.Helper()
	var here any = map[string]any(d)
	for _, k := range keys {
		m, ok := here.(map[string]any)
		if !ok || m[k] == nil {
			t.Fatalf("the description has no %s", strings.Join(keys, "/"))
		}
		here = m[k]
	}
	return here
}

// known are the keywords that conform understands; the description uses no
// other, so that nothing in it goes unchecked.
var known = []string{"$ref", "type", "description", "enum", "required", "properties", "minLength", "maxLength", "pattern"}

// conform lists where a value is not of a schema.
func (d description) conform(t *testing.T, schema, value any, where string) []string {
	t.Helper()
	s, ok := schema.(map[string]any)
	if !ok {
		t.Fatalf("%s: no schema", where)
	}
	for k := range s {
		if !slices.Contains(known, k) {
			t.Fatalf("%s: the test does not know %s", where, k)
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		return d.conform(t, d.at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...), value, where)
	}
	if !slices.Contains(texts(s["type"]), kindOf(value)) {
		return []string{fmt.Sprintf("%s is %s, not %v", where, kindOf(value), s["type"])}
	}
	switch v := value.(type) {
	case string:
		return conformText(s, v, where)
	case map[string]any:
		return d.conformObject(t, s, v, where)
	}
	return nil
}

func conformText(s map[string]any, v, where string) []string {
	var faults []string
	length := utf8.RuneCountInString(v)
	if enum := texts(s["enum"]); len(enum) > 0 && !slices.Contains(enum, v) {
		faults = append(faults, where+" is none of the values")
	}
	if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		faults = append(faults, where+" does not match")
	}
	if n, ok := s["maxLength"]; ok && length > number(n) {
		faults = append(faults, where+" is too long")
	}
	if n, ok := s["minLength"]; ok && length < number(n) {
		faults = append(faults, where+" is too short")
	}
	return faults
}

func (d description) conformObject(t *testing.T, s, v map[string]any, where string) []string {
	t.Helper()
	var faults []string
	for _, name := range texts(s["required"]) {
		if _, ok := v[name]; !ok {
			faults = append(faults, where+" has no "+name)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, value := range v {
		if schema, ok := properties[name]; ok {
			faults = append(faults, d.conform(t, schema, value, where+"."+name)...)
		}
	}
	return faults
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, each := range v {
			all = append(all, fmt.Sprint(each))
		}
		return all
	}
	return nil
}

func number(v any) int {
	var n int
	_, _ = fmt.Sscan(fmt.Sprint(v), &n)
	return n
}

// request checks a request against the description.
func (d description) request(t *testing.T, r *http.Request) []string {
	t.Helper()
	var faults []string
	if r.Method != http.MethodGet {
		faults = append(faults, "the method is "+r.Method)
	}
	if d.at(t, "components", "securitySchemes", "token", "scheme") == "bearer" && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
		faults = append(faults, "there is no bearer token")
	}
	parameters, _ := d.at(t, "paths", "/v1/registrations/{number}", "get", "parameters").([]any)
	for _, each := range parameters {
		p, _ := each.(map[string]any)
		name := fmt.Sprint(p["name"])
		value := r.PathValue(name)
		if p["in"] == "query" {
			value = r.URL.Query().Get(name)
		}
		faults = append(faults, d.conform(t, p["schema"], value, name)...)
	}
	if len(parameters) != 2 || len(r.URL.Query()) != 1 {
		faults = append(faults, "other parameters than described")
	}
	return faults
}

// answer checks a body of 200 against the description.
func (d description) answer(t *testing.T, body []byte) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return []string{"it is no JSON"}
	}
	return d.conform(t, d.at(t, "paths", "/v1/registrations/{number}", "get", "responses", "200", "content", "application/json", "schema"), value, "registration")
}
