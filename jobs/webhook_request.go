// SPDX-License-Identifier: Apache-2.0

package jobs

import "ininjo/poa"

// webhookRequest is what is posted to the endpoint for a delivery, signed now.
func (c Config) webhookRequest(d poa.Delivery, e poa.Endpoint) (Request, error) {
	media, body, err := d.Payload(e.Envelope(), c.Policy)
	if err != nil {
		return Request{}, err
	}
	secrets := []string{e.Secret}
	if e.PreviousSecret != "" && c.Clock.Now().Before(e.PreviousUntil) {
		secrets = append(secrets, e.PreviousSecret)
	}
	header, err := sign(d.ID, c.MachineClock.Now(), body, secrets, c.WebhookKeys)
	if err != nil {
		return Request{}, err
	}
	header.Set("Content-Type", media)
	header.Set("User-Agent", poa.WebhookAgent(c.Version))
	for _, h := range e.Headers {
		if header.Get(h.Name) == "" { // what is ours stays ours, whatever was stored
			header.Set(h.Name, h.Value)
		}
	}
	request := Request{URL: e.URL, Header: header, Body: body}
	if e.Certificate != nil {
		request.ClientCertificate = &ClientCertificate{Chain: e.Certificate.Chain, Key: e.Certificate.Key}
	}
	return request, nil
}
