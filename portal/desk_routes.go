// SPDX-License-Identifier: Apache-2.0

package portal

// deskRoutes are the pages of the desk of the provider's people.
func deskRoutes() []route { return nil }
