// SPDX-License-Identifier: Apache-2.0

package kanji

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Piece is a part of a text as it is written, with what is compared of it, so
// that a page can mark the place of a Difference. It is personal data.
type Piece struct {
	Text string
	// From and Through are the positions that are compared of it, as in
	// Comparison.Reasons; From is 0 for a space and what else is passed over.
	From, Through int
	// Compared is what stands there for the comparison.
	Compared string
	// Substitute: the certificate marks a character of it as a substitute.
	Substitute bool
}

// Pieces parts a text into the smallest pieces that are compared. flags are the
// certificate's substitute flags, or empty. All Texts together are the text.
func Pieces(text, flags string) []Piece {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxRunes {
		return []Piece{{Text: text}}
	}
	if len(flags) != utf8.RuneCountInString(text) {
		flags = ""
	}
	var pieces []Piece
	segments, at, read := norm.Iter{}, 0, 0
	segments.InitString(norm.NFKC, text)
	for start := 0; !segments.Done(); {
		segment := segments.Next()
		piece := Piece{Text: text[start:segments.Pos()]}
		count := utf8.RuneCountInString(piece.Text)
		piece.Substitute = flags != "" && strings.Contains(flags[read:read+count], "1")
		for _, r := range string(segment) {
			if r = keep(r); r < 0 {
				continue
			}
			at++
			if piece.From == 0 {
				piece.From = at
			}
			piece.Through = at
			piece.Compared += string(unified(r))
		}
		pieces = append(pieces, piece)
		start, read = segments.Pos(), read+count
	}
	return pieces
}
