// SPDX-License-Identifier: Apache-2.0

// Package poatest holds what tests and the demo stand on: a clock that is moved by hand, samples, and a test
// hierarchy of certificates in the shape of JPKI's (facts of the field 2).
//
// Its roots carry O=JPKI-TEST and must never be trusted by a service that is not a demo or a test.
package poatest
