// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"time"

	"ininjo/poa/document"
)

// The tables of codes, for the test that each fault has one.
var (
	SignatureCodes   = signatureCodes
	CertificateCodes = certificateCodes
	DocumentCodes    = documentCodes
)

// Examine verifies a filed file as Submit does before its transaction: form, CMS, path and profile.
func (r *Registrar) Examine(format document.Format, file, drafted []byte, at time.Time) error {
	return r.examine(format.Open, format.Name(), file, drafted, at, "signedFile").faults.Err()
}

// ApplyHeaders sets an endpoint's headers.
func (in SettingsInput) ApplyHeaders(e *Endpoint) Faults { return in.applyHeaders(e) }

// ReadClientCertificate reads what an endpoint is shown as TLS client.
var ReadClientCertificate = readClientCertificate
