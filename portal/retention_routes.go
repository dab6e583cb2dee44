// SPDX-License-Identifier: Apache-2.0

package portal

// retentionRoutes are the pages of retention.
func retentionRoutes() []route { return nil }
