// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"slices"
	"time"
)

// Bounds of an endpoint's settings.
const (
	MaxInFlightBound  = 64
	MaxRatePerSecond  = 1000
	MaxHeaders        = 20
	maxHeaderName     = 64
	maxHeaderValue    = 1000
	maxCertificatePEM = 16 << 10
	// keptEnvelopes bounds the history of an endpoint's envelopes.
	keptEnvelopes = 50
)

// Envelope is how a webhook's body is written.
type Envelope string

// Envelopes. Both are signed in the same way.
const (
	// EnvelopeStandard is the body of Standard Webhooks: type, timestamp, data.
	EnvelopeStandard Envelope = "STANDARD"
	// EnvelopeCloudEvents is a CloudEvents 1.0 event in structured JSON mode.
	EnvelopeCloudEvents Envelope = "CLOUDEVENTS"
)

// EndpointSettings are what of an endpoint's settings goes with every post. All
// of it is kept sealed.
type EndpointSettings struct {
	// Headers are the endpoint's own, at most [MaxHeaders].
	Headers []EndpointHeader
	// Certificate is shown where the endpoint asks for one; nil for none.
	Certificate *ClientCertificate
	// Envelopes says from when on which one was used, the newest last: what was
	// posted can be shown as it was. Empty means the standard one from the start.
	Envelopes []EnvelopeChange
}

// EndpointHeader is a header of the endpoint's owner. Its value may be a secret:
// it is never shown again.
type EndpointHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// EnvelopeChange is when an endpoint's envelope became what it is.
type EnvelopeChange struct {
	At       time.Time `json:"at"`
	Envelope Envelope  `json:"envelope"`
}

// Envelope is the one in force.
func (s EndpointSettings) Envelope() Envelope {
	if len(s.Envelopes) == 0 {
		return EnvelopeStandard
	}
	return s.Envelopes[len(s.Envelopes)-1].Envelope
}

// EnvelopeAt is the one that was in force at an instant.
func (s EndpointSettings) EnvelopeAt(at time.Time) Envelope {
	for _, c := range slices.Backward(s.Envelopes) {
		if !c.At.After(at) {
			return c.Envelope
		}
	}
	return EnvelopeStandard
}

// hidden is the settings without what is secret: names of headers stay.
func (s EndpointSettings) hidden() EndpointSettings {
	s.Headers = slices.Clone(s.Headers)
	for i := range s.Headers {
		s.Headers[i].Value = ""
	}
	if s.Certificate != nil {
		shown := *s.Certificate
		shown.Key = ""
		s.Certificate = &shown
	}
	return s
}

// hidden is an endpoint as it is shown: with nothing that signs or lets in.
func (e Endpoint) hidden() Endpoint {
	e.Secret, e.PreviousSecret = "", ""
	e.EndpointSettings = e.EndpointSettings.hidden()
	return e
}

// HeaderInput sets one header of an endpoint.
type HeaderInput struct {
	Name string `json:"name"`
	// Value nil keeps the value that a header of this name has.
	Value *string `json:"-"`
}

// CertificateInput gives an endpoint a client certificate.
type CertificateInput struct {
	// Certificate is PEM: the certificate, then those between it and a root.
	Certificate string `json:"certificate"`
	// PrivateKey is its key as PEM, not encrypted.
	PrivateKey string `json:"-"`
}

// SettingsInput is the part of an [EndpointInput] that keeps what it leaves out.
type SettingsInput struct {
	// MaxInFlight is how many posts may be under way at once, 1 to 64.
	MaxInFlight *int `json:"maxInFlight,omitempty"`
	// RatePerSecond bounds posts a second, 0 to 1,000; 0 means no bound.
	RatePerSecond *int      `json:"ratePerSecond,omitempty"`
	Envelope      *Envelope `json:"envelope,omitempty"`
	// Headers nil keeps them; an empty list takes them away.
	Headers           []HeaderInput     `json:"headers,omitempty"`
	ClientCertificate *CertificateInput `json:"clientCertificate,omitempty"`
	// RemoveClientCertificate takes the certificate away.
	RemoveClientCertificate bool `json:"removeClientCertificate,omitempty"`
}

// apply sets what the input names and returns what is wrong with it.
func (in SettingsInput) apply(e *Endpoint, now time.Time) Faults {
	var faults Faults
	whole := func(value *int, least, most int, field string, to *int) {
		switch {
		case value == nil:
		case *value < least || *value > most:
			faults.Add(CodeInvalid, field)
		default:
			*to = *value
		}
	}
	whole(in.MaxInFlight, 1, MaxInFlightBound, "maxInFlight", &e.MaxInFlight)
	whole(in.RatePerSecond, 0, MaxRatePerSecond, "ratePerSecond", &e.RatePerSecond)
	switch {
	case in.Envelope == nil:
	case *in.Envelope != EnvelopeStandard && *in.Envelope != EnvelopeCloudEvents:
		faults.Add(CodeInvalid, "envelope")
	case *in.Envelope != e.Envelope():
		e.Envelopes = append(slices.Clone(e.Envelopes), EnvelopeChange{At: now, Envelope: *in.Envelope})
		e.Envelopes = e.Envelopes[max(len(e.Envelopes)-keptEnvelopes, 0):]
	}
	faults = append(faults, in.applyHeaders(e)...)
	return append(faults, in.applyCertificate(e, now)...)
}

func (in SettingsInput) applyCertificate(e *Endpoint, now time.Time) Faults {
	switch {
	case in.RemoveClientCertificate && in.ClientCertificate != nil:
		return Faults{newFault(CodeInvalid, "removeClientCertificate")}
	case in.RemoveClientCertificate:
		e.Certificate = nil
	case in.ClientCertificate != nil:
		c, faults := readClientCertificate(*in.ClientCertificate, now)
		if len(faults) > 0 {
			return faults
		}
		e.Certificate = &c
	}
	return nil
}
