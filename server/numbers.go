// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"

	"ininjo/poa"
	"ininjo/server/outside/houjin"
)

// corporateNumbers is the client of the National Tax Agency's Web-API, nil where
// none is set up. It counts real time: the demo's clock runs ahead.
func (c Config) corporateNumbers(clock poa.Clock) (poa.CorporateNumbers, error) {
	if c.HoujinIDFile == "" {
		return nil, nil
	}
	id, err := os.ReadFile(c.HoujinIDFile)
	if err != nil {
		return nil, fmt.Errorf("reading --houjin-id-file: %w", err)
	}
	client, err := houjin.NewClient(houjin.Config{URL: c.HoujinURL, ID: strings.TrimSpace(string(id)), Clock: clock})
	if err != nil {
		return nil, fmt.Errorf("reading --houjin-url and --houjin-id-file: %w", err)
	}
	return client, nil
}
