// SPDX-License-Identifier: Apache-2.0

// Package db keeps the service's state in PostgreSQL: it implements poa.Store
// with bun over pgx. It is the home of bun, pgx, bun/migrate, rivermigrate and
// tink.
//
// Rows are not domain types: row structs stand in this package only and are
// turned into domain types by explicit functions. What concerns natural persons
// is sealed by [Sealer] before bun sees it (design.md, rule 8).
//
// The package must never decide what the domain decides, never begin a
// transaction elsewhere than in [DB.InTx], never take the time from the
// database, and never let a text of PostgreSQL that could carry a value out in
// an error.
package db
