// SPDX-License-Identifier: Apache-2.0

package portal

// recipientRoutes are the pages of what a recipient manages itself.
func recipientRoutes() []route { return nil }
