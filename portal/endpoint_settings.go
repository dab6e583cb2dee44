// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"slices"
	"strconv"
	"strings"

	"ininjo/poa"
)

// masked stands in the place of a header's value that is not shown. Sent back as
// it is, it keeps the value.
const masked = "••••••••"

// furtherFields are those of an endpoint's form that stand folded away.
var furtherFields = []string{"maxInFlight", "ratePerSecond", "envelope", "headers", "clientCertificate.certificate", "clientCertificate.privateKey", "removeClientCertificate"}

// Further reports whether something is wrong in the part of an endpoint's form
// that stands folded away: then it stands open.
func (f *Form) Further() bool {
	return slices.ContainsFunc(f.Faults, func(fault poa.Fault) bool {
		field, _ := place(fault)
		return slices.Contains(furtherFields, field)
	})
}

// envelopes are the choices of how a body is written.
func (t translator) envelopes(f Field) Field {
	return labelled(f, t, "envelope", []poa.Envelope{poa.EnvelopeStandard, poa.EnvelopeCloudEvents})
}

// settingsInput reads the part of the form that a page need not show: what is not
// there keeps what it is.
func settingsInput(r *request) poa.SettingsInput {
	in := poa.SettingsInput{MaxInFlight: r.whole("maxInFlight"), RatePerSecond: r.whole("ratePerSecond"), RemoveClientCertificate: r.text("removeClientCertificate") == "yes"}
	if envelope := poa.Envelope(r.text("envelope")); envelope != "" {
		in.Envelope = &envelope
	}
	if r.PostForm.Has("headers") {
		in.Headers = headersIn(r.lines("headers"))
	}
	certificate, key := r.PostForm.Get("clientCertificate.certificate"), r.PostForm.Get("clientCertificate.privateKey")
	if strings.TrimSpace(certificate+key) != "" {
		in.ClientCertificate = &poa.CertificateInput{Certificate: certificate, PrivateKey: key}
	}
	return in
}

// whole reads a number; nil where nothing stands, -1, which no field takes, where
// it is none.
func (r *request) whole(name string) *int {
	text := r.text(name)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1
	}
	return &n
}

// headersIn reads lines of "Name: value".
func headersIn(lines []string) []poa.HeaderInput {
	headers := make([]poa.HeaderInput, len(lines))
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		headers[i].Name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value != masked {
			headers[i].Value = &value
		}
	}
	return headers
}

// headerLines writes headers as the form shows them.
func headerLines(headers []poa.EndpointHeader) string {
	lines := make([]string, len(headers))
	for i, h := range headers {
		lines[i] = h.Name + ": " + masked
	}
	return strings.Join(lines, "\n")
}
