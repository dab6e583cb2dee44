// SPDX-License-Identifier: Apache-2.0

// Package jobs does the work that an act leaves behind: it sends mail and
// webhooks, announces terms, ends stale drafts, keeps the database in order and
// leads the numbering of changes. It is the home of River and of mail's texts.
//
// Jobs are enqueued in the transaction of the change that causes them
// ([Jobs.Enqueue]), so neither is there without the other. Every worker may run
// twice: what it does is idempotent or recorded, and a crash costs no message.
//
// The package must never decide what the domain decides, never write personal
// data, secrets or addresses into a job's arguments, errors or the log, and
// never reach the outside world but through the interfaces that it is given.
package jobs
