// SPDX-License-Identifier: Apache-2.0

// Package portal is the web pages of the service: for delegators, recipients,
// delegates who come by a one-time link, staff, and anyone who reads the
// repository. A handler binds its input, calls one method of poa, and renders
// what comes back or redirects; every page works without script.
//
// It must never decide a rule of the service, reach the store, keep personal
// data or a secret beyond the request, or write a token into a log or a link
// that leaves the page. Who may see or do what is poa's decision; the table of
// routes only spares people pages that are not for them.
package portal
