// SPDX-License-Identifier: Apache-2.0

// Package timestamp asks time stamp authorities (RFC 3161) over HTTP.
package timestamp

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// Config says whom to ask and whom to believe.
type Config struct {
	// URLs are the authorities, asked in this order until one answers well.
	URLs []string
	// Roots are the pinned roots of the authorities.
	Roots *x509.CertPool
	// Timeout bounds each question; zero means 10 s.
	Timeout time.Duration
	// Policies are the authorities' policies that are taken; none means any.
	Policies []string
}

// Client asks for time stamps. It is safe for concurrent use.
type Client struct{ config Config }

// NewClient returns a client.
func NewClient(c Config) (*Client, error) { return &Client{config: c}, nil }

// Stamp returns a verified token over digest.
func (c *Client) Stamp(ctx context.Context, digest []byte, hash crypto.Hash) (token []byte, err error) {
	return nil, errors.New("time stamps are not asked for yet")
}
