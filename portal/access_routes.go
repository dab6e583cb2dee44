// SPDX-License-Identifier: Apache-2.0

package portal

// accessRoutes are the pages of sign-in, sessions, second factors and members.
func accessRoutes() []route { return nil }
