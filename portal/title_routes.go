// SPDX-License-Identifier: Apache-2.0

package portal

// titleRoutes are the pages of checks of titles.
func titleRoutes() []route { return nil }
