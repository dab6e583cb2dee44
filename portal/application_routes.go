// SPDX-License-Identifier: Apache-2.0

package portal

// applicationRoutes are the pages of registrations, their changes and questions.
func applicationRoutes() []route { return nil }
