// SPDX-License-Identifier: Apache-2.0

// Package locale holds the texts of the closed list of codes, and the labels
// of statuses, states, reasons, checks, roles and qualifications, in Japanese
// and English. They stand here once; every room prints them from here. A label's
// key is its kind and its value, such as status.VALID; an error's key is its code.
//
// It must never hold what a user typed: places in texts are filled with bounds
// and dates alone. It imports the standard library only and never poa.
package locale
