// SPDX-License-Identifier: Apache-2.0

// Package house holds no code, only tests: they keep the rules of the house, which room may import which,
// where each library lives, how long a file or a function may be, and what every package owes its reader.
//
// It must never be imported, and a rule is changed here only together with the chapter of
// docs/architecture.md that gives its reason.
package house
