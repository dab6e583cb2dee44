// SPDX-License-Identifier: Apache-2.0

package webtest_test

import (
	"testing"

	"ininjo/portal/webtest"
)

// TestSchema holds the GraphQL schema to portal/eslint.config.mjs: every name in it is described.
func TestSchema(t *testing.T) {
	t.Parallel()
	webtest.SchemaLint(t)
}
