// SPDX-License-Identifier: Apache-2.0

// Package mail hands messages to a mail server ([SMTP]) or lays them into a
// folder as .eml files ([Folder]). It is the home of go-mail and implements
// jobs.Mailer.
//
// It must never let an address, a subject or what the server answered into an
// error: a job's errors are kept. Mail's texts stand in jobs.
package mail
