// SPDX-License-Identifier: Apache-2.0

// Package sign is the signing half of the management application (4.1.4, 4.1.5): `ininjo sign` shows what will be
// signed, signs drafted files and delegates' challenges with a PKCS #12 file or a card, and files them over GraphQL.
// Without arguments it serves a page on 127.0.0.1 for people who use no terminal.
//
// What was shown is what is signed: a file is read once, and the bytes that were read are signed. Nothing but
// drafts and challenges is signed, so that nobody is talked into signing something else.
//
// PKCS #11 needs cgo and stands behind the build tag pkcs11 (go build -tags pkcs11); without it the package signs
// with PKCS #12 files only and builds for every system.
//
// A PIN or password must never be in an error, a log, a URL or a page, and never be tried twice: a card is blocked
// after a few wrong ones, and only the municipal office sets it free. The package must never listen anywhere but on
// 127.0.0.1, and never sign on a GET.
package sign
