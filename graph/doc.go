// SPDX-License-Identifier: Apache-2.0

// Package graph is the GraphQL face of the service: the schema in
// schema/*.graphqls, resolvers that bind, call one rule of poa and render, the
// transport of GraphQL over HTTP with its bounds, and the presenter of errors.
//
// It must never decide who sees what or what may be done: poa does. It must
// never look a token up beside the validity read, never show SQL, a stack or
// another's data, and never import db, jobs or portal.
package graph
