// SPDX-License-Identifier: Apache-2.0

// Package token loads PKCS #11 modules: the cards of people who sign delegations
// (server/sign) and the HSM that holds the service's own keys
// (server/outside/signers). It is the home of miekg/pkcs11, which needs cgo and
// stands behind the build tag pkcs11.
//
// It must never keep a PIN, and never try one twice.
package token

import "errors"

// ErrNotBuilt says that this build reaches no modules.
var ErrNotBuilt = errors.New("this build reaches no PKCS #11 module: build it with cgo and -tags pkcs11")

// ErrModule says that a file is not a module that can be loaded.
var ErrModule = errors.New("the file cannot be used as a PKCS #11 module")
