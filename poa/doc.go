// SPDX-License-Identifier: Apache-2.0

// Package poa is the domain of an electronic power of attorney service
// (電子委任状取扱業務): the words, the rules and the life of a delegation.
//
// Rules live here once, as methods of a few types named after the chapters of
// the operating rules: [Enrollment] (chapters 3 and 5.2), [Registrar] (4),
// [Responder] (5), [Notifier] and [Records] (6). They are given a [Clock], a
// [Store] and an [Actor]; GraphQL resolvers, pages and jobs bind their input,
// call one of them, and render what comes back.
//
// The package knows nobody: no SQL, no HTTP, no GraphQL, no River, no HTML.
// It imports the standard library, the validator and its own sub-packages.
// Every act ends in one [Store.InTx]: the change, its fact, its audit event,
// its outbox row and its jobs commit together or not at all.
package poa
