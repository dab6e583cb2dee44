// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestValues compares the count with what a decoder finds, for any JSON.
func TestValues(t *testing.T) {
	t.Parallel()
	leaf := rapid.OneOf(rapid.String().AsAny(), rapid.Float64Range(-9, 9).AsAny(), rapid.Bool().AsAny())
	tree := rapid.Deferred(func() *rapid.Generator[any] {
		inner := rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 9).AsAny(), rapid.MapOfN(rapid.String(), leaf, 0, 9).AsAny())
		return rapid.OneOf(inner, rapid.SliceOfN(inner, 0, 9).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 9).AsAny())
	})
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(tree.Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		var read any
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if got, want := values(text), 1+separated(read); got != want {
			t.Fatalf("%d values in %s, want %d", got, text, want)
		}
	})
}

// separated is how many commas stand between the values of a value.
func separated(value any) int {
	switch v := value.(type) {
	case []any:
		n := max(0, len(v)-1)
		for _, each := range v {
			n += separated(each)
		}
		return n
	case map[string]any:
		n := max(0, len(v)-1)
		for _, each := range v {
			n += separated(each)
		}
		return n
	}
	return 0
}
