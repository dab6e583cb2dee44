// SPDX-License-Identifier: Apache-2.0

// Package kanji compares Japanese names and addresses, folds text for search
// and recognises numbers that must not be stored. It is the home of
// golang.org/x/text.
//
// Until the issue on signatures, comparison is exact after NFKC, with all
// spaces and variation selectors removed: certificates part family and given
// name by U+3000, registers do not. Variants (髙 and 高, 邉 and 辺), the ways of
// writing a house number and the case of letters are not folded, so two
// spellings of one name are a MISMATCH that a person has to look at. Only what
// a certificate itself marks as a substitute character gives POSSIBLE.
//
// The package must never pass two texts as equal by likeness, never change the
// text that is kept (callers keep the raw one), and never import poa.
package kanji
