// SPDX-License-Identifier: Apache-2.0

// Package evidence writes down what was checked when a delegation was filed, so
// that the check can be made again when certificates, authorities and even the
// service are gone: the signed file, the certificates, the answer about their
// status, the result of every check, and the versions of rules, roots and
// tables. Records form a chain by SHA-256; time stamps (RFC 3161) say when a
// record was there, and each renewal covers the record and every time stamp
// before it (the idea of RFC 4998).
//
// A record holds personal data: whoever stores one seals it, and none of it ever
// reaches a log. The package decides nothing about storing, asks nobody over a
// network, and must never import poa.
package evidence
