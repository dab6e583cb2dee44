// SPDX-License-Identifier: Apache-2.0

//go:build !pkcs11

package signers

import (
	"fmt"

	"ininjo/server/outside/token"
)

func openToken(u tokenURI, _ Config) (Source, error) {
	return nil, fmt.Errorf("reading %s: %w", u, token.ErrNotBuilt)
}
