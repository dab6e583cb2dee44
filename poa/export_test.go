// SPDX-License-Identifier: Apache-2.0

package poa

// The tables of codes, for the test that each fault has one.
var (
	SignatureCodes   = signatureCodes
	CertificateCodes = certificateCodes
	DocumentCodes    = documentCodes
)
