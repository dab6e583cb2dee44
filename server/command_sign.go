// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"

	"ininjo/poa"
	"ininjo/server/sign"
)

// signCommand signs drafts; it needs no service beside it.
type signCommand struct {
	sign.Command
}

// Run signs, or serves the page for it.
func (c *signCommand) Run(ctx context.Context, out *output) error {
	return c.Sign(ctx, sign.Terminal{In: os.Stdin, Out: out.stdout, Err: out.stderr}, poa.SystemClock{})
}
