// SPDX-License-Identifier: Apache-2.0

package poa

// AccessTx changes who may come in: credentials, sessions, members, invitations.
type AccessTx interface{}

// AccessReader reads who may come in: credentials, sessions, members, invitations.
type AccessReader interface{}
