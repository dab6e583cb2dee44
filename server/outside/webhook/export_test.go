// SPDX-License-Identifier: Apache-2.0

package webhook

// RetryAfter reads the header of that name.
var RetryAfter = retryAfter
