// SPDX-License-Identifier: Apache-2.0

// Package outside holds, in its sub-packages, the clients of other people's
// services: endpoints that are told of changes ([ininjo/server/outside/webhook])
// and mail servers ([ininjo/server/outside/mail]). Each implements an interface
// of the room that uses it.
//
// Its sub-packages must never decide what the domain decides, and never wait or
// read without bound.
package outside
