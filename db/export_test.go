// SPDX-License-Identifier: Apache-2.0

package db

// Waiting is how many inquiries wait for the next statement.
func (d *DB) Waiting() int {
	d.group.mu.Lock()
	defer d.group.mu.Unlock()
	return d.group.inquiries
}

// MaxGrouped bounds the inquiries of one statement.
const MaxGrouped = maxGrouped
