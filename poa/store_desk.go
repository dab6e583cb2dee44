// SPDX-License-Identifier: Apache-2.0

package poa

// DeskTx changes the desk: cases, contacts, appointments.
type DeskTx interface{}

// DeskReader reads the desk: cases, contacts, appointments.
type DeskReader interface{}
