// SPDX-License-Identifier: Apache-2.0

// Package webtest runs the scripts of portal/ that test what a person or a GraphQL client meets: the browser
// scenarios in portal/browser, the audits of GraphQL over HTTP, the lint of the schema. It finds Node 22,
// hands the script its environment, and fails the Go test with what the script said.
//
// It must never be imported by anything but tests, and never skips: a machine without Node fails, with the
// command that puts it there.
package webtest
