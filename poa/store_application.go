// SPDX-License-Identifier: Apache-2.0

package poa

// ApplicationTx changes registrations, changes of what was stated, questions about them.
type ApplicationTx interface{}

// ApplicationReader reads registrations, changes of what was stated, questions about them.
type ApplicationReader interface{}
