// SPDX-License-Identifier: Apache-2.0

// Package registry asks professional bodies that offer an interface whether
// somebody is registered (docs/registry-openapi.yaml). It implements
// poa.Registry.
//
// It must never ask more often than the body allows, follow a redirect, read
// without bound, take an answer that is not of the documented form, or let what
// was answered into an error. It never opens a page made for people.
package registry
