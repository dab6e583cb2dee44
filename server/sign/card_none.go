// SPDX-License-Identifier: Apache-2.0

//go:build !pkcs11

package sign

import "time"

// hasPKCS11 says whether this build can reach cards.
const hasPKCS11 = false

func listCards(string) ([]Card, error) { return nil, wrong("no-pkcs11") }

func openCard(Card, []byte, string, time.Time) (*Key, error) { return nil, wrong("no-pkcs11") }
