// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"encoding/json"
	"strings"
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
		if got, want := countValues(string(text)), 1+separated(read); got != want {
			t.Fatalf("%d values in %s, want %d", got, text, want)
		}
	})
}

// byByte counts as it was done when bodies were read whole: byte by byte.
func byByte(text []byte) int {
	count, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				count++
			}
		}
	}
	return count
}

// inParts counts a text that comes in parts of these lengths, again and again.
func inParts(text, lengths []byte) int {
	var c counter
	for i := 0; len(text) > 0; i++ {
		length := len(text)
		if len(lengths) > 0 {
			length = min(length, int(lengths[i%len(lengths)]))
		}
		if length == 0 && i > len(lengths) {
			length = 1
		}
		c.add(text[:length])
		text = text[length:]
	}
	return c.commas
}

// TestValuesInParts counts any text, JSON or not, in any parts.
func TestValuesInParts(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{`"`, `\`, `,`, `{`, `a`, `,,,"`, `\"`, `\\`, "あ"})
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(part, 0, 40).Draw(t, "text"), ""))
		lengths := rapid.SliceOfN(rapid.ByteMax(9), 0, 5).Draw(t, "lengths")
		if got, want := inParts(text, lengths), byByte(text); got != want {
			t.Fatalf("%d commas in %q by %v, want %d", got, text, lengths, want)
		}
	})
}

// FuzzValues does the same for any bytes.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2,"\",\\",3]}`, `",\`, `\",",`} {
		f.Add([]byte(seed), []byte{1, 3})
	}
	f.Fuzz(func(t *testing.T, text, lengths []byte) {
		if got, want := inParts(text, lengths), byByte(text); got != want {
			t.Fatalf("%d commas in %q by %v, want %d", got, text, lengths, want)
		}
	})
}

// BenchmarkValues counts a file of 4 MiB in base 64, and a list.
func BenchmarkValues(b *testing.B) {
	for name, text := range map[string]string{
		"file": `{"a":"` + strings.Repeat("QUJD", 4<<20/3) + `"}`, "list": strings.Repeat(`"x",`, 20_000), "escapes": `"` + strings.Repeat(`\"`, 20_000) + `"`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				countValues(text)
			}
		})
	}
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
