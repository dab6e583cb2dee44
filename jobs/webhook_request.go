// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"fmt"

	"ininjo/poa"
)

// webhookRequest is what is posted to the endpoint for a delivery, signed now.
func (c Config) webhookRequest(d poa.Delivery, e poa.Endpoint) (Request, error) {
	content := d.Body()
	if content.Data.AnnouncementID != "" {
		content.Data.Repository = c.Policy.PublicURL + poa.AnnouncementText{ID: content.Data.AnnouncementID}.Path()
	}
	body, err := json.Marshal(content)
	if err != nil {
		return Request{}, fmt.Errorf("encoding webhook: %w", err)
	}
	secrets := []string{e.Secret}
	if e.PreviousSecret != "" && c.Clock.Now().Before(e.PreviousUntil) {
		secrets = append(secrets, e.PreviousSecret)
	}
	header, err := sign(d.ID, c.MachineClock.Now(), body, secrets)
	if err != nil {
		return Request{}, err
	}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "Ininjo/"+c.Version)
	return Request{URL: e.URL, Header: header, Body: body}, nil
}
