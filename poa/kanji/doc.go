// SPDX-License-Identifier: Apache-2.0

// Package kanji compares Japanese names and addresses, folds text for search
// and recognises numbers that must not be stored. It is the home of
// golang.org/x/text.
//
// A comparison has three results. What law or standard makes one character
// (旧字体 of 常用漢字表, 人名用漢字, what JIS X 0208 unifies) matches, and the reason
// says so; what is only related, or left out on one side, is POSSIBLE, for a
// person; all else is a MISMATCH. The table of characters has a version, and its
// sources and licences stand in table/LICENSES.md.
//
// The package must never pass two texts as equal by likeness, never change the
// text that is kept (callers keep the raw one), and never import poa.
package kanji
