// SPDX-License-Identifier: Apache-2.0

// Package measure holds no code, only benchmarks and their tests: they run the
// built program beside the floor (net/http, pgxpool and encoding/json without
// sign-in and audit) and beside PostGraphile, and print what each takes.
//
// It must never hold a timed assertion: a figure is printed, a person judges it.
package measure
