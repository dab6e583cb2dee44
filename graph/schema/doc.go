// SPDX-License-Identifier: Apache-2.0

// Package schema is the shape of the GraphQL face: the schema's text, the code
// that gqlgen makes of it, scalars, and the views in which the domain is shown.
//
// It must never hold behaviour: resolvers stand in package graph, rules in poa.
// Files with _gen in their name and generated.go are made by `task gen` and
// never edited.
package schema
