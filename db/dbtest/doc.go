// SPDX-License-Identifier: Apache-2.0

// Package dbtest gives every test a real PostgreSQL database of its own: one
// private cluster for each test binary, one migrated template, one copy of it
// for each test.
//
// The package must never be imported by the program, and never stands in for
// PostgreSQL with anything else.
package dbtest
