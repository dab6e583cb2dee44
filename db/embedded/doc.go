// SPDX-License-Identifier: Apache-2.0

// Package embedded runs the private PostgreSQL: a cluster of the program's own
// inside its data folder, for those who gave no --database-url.
//
// It finds PostgreSQL's binaries on the machine or has them fetched, makes the
// data folder once, starts postgres as a child process (as another user when
// the program is root, which PostgreSQL refuses) and stops it with the program,
// however the program ends.
//
// It must never delete or overwrite an existing data folder, never hand that
// folder to the fetching library (which deletes folders of another version),
// never listen beyond the machine, never write personal data to the server's
// log and never know a table: roles, schemas and migrations are package db's.
package embedded
