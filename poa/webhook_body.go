// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Media types of a webhook's body.
const (
	mediaStandard    = "application/json"
	mediaCloudEvents = "application/cloudevents+json"
)

// cloudEvent is a notice as a CloudEvents 1.0 event. Its data is that of the
// standard body, number and stream with it; id is the webhook-id, so that source
// and id together name the notice once however often it is posted.
type cloudEvent struct {
	SpecVersion     string      `json:"specversion"`
	ID              string      `json:"id"`
	Source          string      `json:"source"`
	Type            NoticeType  `json:"type"`
	Subject         string      `json:"subject,omitempty"`
	Time            time.Time   `json:"time"`
	DataContentType string      `json:"datacontenttype"`
	Data            WebhookData `json:"data"`
}

// Payload is the body of a delivery in an envelope, with its media type. It is
// the same at every attempt.
func (d Delivery) Payload(e Envelope, policy Policy) (media string, body []byte, err error) {
	standard := d.Body().At(policy)
	if e != EnvelopeCloudEvents {
		body, err = json.Marshal(standard)
	} else {
		media = mediaCloudEvents
		body, err = json.Marshal(cloudEvent{SpecVersion: "1.0", ID: d.ID, Source: policy.PublicURL, Type: standard.Type, Subject: string(standard.Data.DelegationID),
			Time: standard.Timestamp, DataContentType: mediaStandard, Data: standard.Data})
	}
	if err != nil {
		return "", nil, fmt.Errorf("encoding webhook: %w", err)
	}
	if media == "" {
		media = mediaStandard
	}
	return media, body, nil
}

// WebhookAgent is the user agent of webhooks.
func WebhookAgent(version string) string { return "Ininjo/" + version }

// PostedRequest is a delivery as it was posted at its last attempt, or as it will
// be at its first.
type PostedRequest struct {
	// Headers whose Value is empty are not shown: they are secret, or made anew at
	// each attempt.
	Headers []EndpointHeader
	Body    []byte
}

// Request is what was posted, for those who look for what went wrong. What is
// secret and what signs stays away.
func (d Delivery) Request(e Endpoint, policy Policy, now time.Time) (PostedRequest, error) {
	at := d.LastAt
	if at.IsZero() {
		at = now
	}
	media, body, err := d.Payload(e.EnvelopeAt(at), policy)
	if err != nil {
		return PostedRequest{}, err
	}
	headers := []EndpointHeader{{"Content-Type", media}, {"User-Agent", WebhookAgent(policy.Version)}, {"Webhook-Id", d.ID}, {Name: "Webhook-Timestamp"}, {Name: "Webhook-Signature"}}
	return PostedRequest{Headers: append(headers, e.hidden().Headers...), Body: body}, nil
}

// Posted returns what was posted for deliveries of the actor's party, by ID.
// Another party's are left out, and those of an endpoint that was deleted.
func (n *Notifier) Posted(ctx context.Context, actor Actor, deliveries []Delivery) (map[string]PostedRequest, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	posted, endpoints := map[string]PostedRequest{}, map[string]Endpoint{}
	for _, d := range deliveries {
		if actor.PartyID == "" || d.Notice.PartyID != actor.PartyID {
			continue
		}
		e, ok := endpoints[d.EndpointID]
		if !ok {
			var err error
			if e, err = n.store.Endpoint(ctx, d.EndpointID); err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			endpoints[d.EndpointID] = e
		}
		if e.ID == "" {
			continue
		}
		request, err := d.Request(e, n.policy, n.clock.Now())
		if err != nil {
			return nil, err
		}
		posted[d.ID] = request
	}
	return posted, nil
}
