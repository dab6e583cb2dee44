// SPDX-License-Identifier: Apache-2.0

package kanji_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ininjo/poa/kanji"
)

// TestPieces marks the place of a difference in the text as it is written.
func TestPieces(t *testing.T) {
	t.Parallel()
	pieces := kanji.Pieces("髙嶋　ﾊﾞ\U000E0100郎", "0001000")
	var told []string
	for _, p := range pieces {
		told = append(told, p.Text+"="+p.Compared)
	}
	if want := []string{"髙=髙", "嶋=嶋", "　=", "ﾊﾞ=バ", "\U000E0100=", "郎=郎"}; !slices.Equal(told, want) {
		t.Errorf("the pieces are %q, want %q", told, want)
	}
	if last := pieces[len(pieces)-1]; last.From != 4 || last.Through != 4 || !pieces[3].Substitute || pieces[0].Substitute {
		t.Errorf("the last stands at %d, the substitute is told wrong: %v", last.From, pieces[3].Substitute)
	}
}

// TestPiecesAreTheText holds for any text, and every place of a difference has
// its piece.
func TestPiecesAreTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(1, 30, -1).Draw(t, "a"), rapid.StringN(1, 30, -1).Draw(t, "b")
		var whole strings.Builder
		pieces, at := kanji.Pieces(a, ""), 0
		for _, p := range pieces {
			whole.WriteString(p.Text)
			if p.From != 0 && (p.From != at+1 || p.Through < p.From) {
				t.Fatalf("%q: a piece from %d to %d follows %d", a, p.From, p.Through, at)
			}
			at = max(at, p.Through)
		}
		if whole.String() != a {
			t.Fatalf("the pieces of %q are %q", a, whole.String())
		}
		for _, d := range kanji.ExplainName(a, "", b) {
			if d.Position > at {
				t.Fatalf("%q and %q: nothing stands at %d", a, b, d.Position)
			}
		}
	})
}
