// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/timestamp"
)

// timestampConfig is what of the settings concerns time stamps (RFC 3161).
type timestampConfig struct {
	// TSA are time stamp authorities, asked in this order until one answers
	// well. Without one evidence is kept without time stamps.
	TSA []string `name:"tsa" env:"ININJO_TSA" help:"Time stamp authorities (http:// or https://) that stamp evidence, asked in this order; only digests go there. Without one evidence is kept unstamped."`
	// TSARoots is a folder of the authorities' pinned roots, as --roots is.
	TSARoots string `name:"tsa-roots" env:"ININJO_TSA_ROOTS" help:"Folder of the pinned root certificates of time stamp authorities, with pins.txt (SHA-256 of each). Must be given with --tsa." type:"path"`
	// TSATimeout bounds one question to one authority.
	TSATimeout time.Duration `name:"tsa-timeout" default:"10s" env:"ININJO_TSA_TIMEOUT" help:"How long one question to a time stamp authority may take."`
	// TSAPolicyOIDs are the authorities' policies that are taken.
	TSAPolicyOIDs []string `name:"tsa-policy-oids" env:"ININJO_TSA_POLICY_OIDS" help:"Policies of time stamp authorities that are accepted. Default: any."`
	// TSAProxy is used for time stamps alone; the environment's proxies are not.
	TSAProxy string `name:"tsa-proxy" env:"ININJO_TSA_PROXY" help:"HTTP proxy for time stamps, http://host:port. Default: none, whatever HTTP_PROXY says."`
}

// check refuses what cannot be meant.
func (c timestampConfig) check() error {
	if (len(c.TSA) == 0) != (c.TSARoots == "") {
		return errors.New("--tsa and --tsa-roots go together: a time stamp is kept only if its path to a pinned root holds")
	}
	if c.TSATimeout < 0 {
		return errors.New("--tsa-timeout is a length of time above zero")
	}
	_, err := c.proxy()
	return err
}

func (c timestampConfig) proxy() (*url.URL, error) {
	if c.TSAProxy == "" {
		return nil, nil
	}
	u, err := url.Parse(c.TSAProxy)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("--tsa-proxy is http://host:port")
	}
	return u, nil
}

// open returns the client of the authorities and their roots, or nil where none is set (a nil pointer: it must not be
// put into an interface). A root of the test hierarchy
// is refused unless the service is a demo.
func (c timestampConfig) open(clock poa.Clock, demo bool) (*timestamp.Client, *x509.CertPool, error) {
	if len(c.TSA) == 0 {
		return nil, nil, nil
	}
	roots, err := jpki.LoadRoots(c.TSARoots)
	if err != nil {
		return nil, nil, fmt.Errorf("--tsa-roots: %w", err)
	}
	if roots.IsTest() && !demo {
		return nil, nil, errors.New("--tsa-roots holds the root of the test hierarchy (O=JPKI-TEST): anyone can make its time stamps, so only the demo takes it")
	}
	pool := x509.NewCertPool()
	for _, root := range roots.Certificates() {
		pool.AddCert(root)
	}
	proxy, err := c.proxy()
	if err != nil {
		return nil, nil, err
	}
	client, err := timestamp.NewClient(timestamp.Config{URLs: c.TSA, Roots: pool, Timeout: c.TSATimeout, Policies: c.TSAPolicyOIDs, Proxy: proxy, Clock: clock})
	if err != nil {
		return nil, nil, fmt.Errorf("--tsa: %w", err)
	}
	return client, pool, nil
}
