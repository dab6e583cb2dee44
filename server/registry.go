// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ininjo/poa"
	"ininjo/server/outside/registry"
	"ininjo/server/outside/webhook"
)

// titlePolicy brings the settings of checks of titles into the policy.
func (c Config) titlePolicy(p *poa.Policy) {
	if c.TitleRecheck > 0 {
		p.TitleRecheck = time.Duration(c.TitleRecheck) * 24 * time.Hour
	}
	if c.RegistryOutage > 0 {
		p.TitleOutage = c.RegistryOutage
	}
}

// connectRegistries gives the checks of titles the connectors that are set, and
// shows each circuit among the metrics.
func (s *service) connectRegistries() error {
	bodies, err := s.config.registryBodies()
	if err != nil || len(bodies) == 0 {
		return err
	}
	c := registry.Config{Bodies: bodies, Timeout: s.config.RegistryTimeout, Clock: s.machine}
	for _, text := range s.config.RegistryAllow {
		allowance, err := webhook.ParseAllowance(text)
		if err != nil {
			return fmt.Errorf("reading --registry-allow: %w", err)
		}
		c.Allowed = append(c.Allowed, allowance)
	}
	client, err := registry.NewClient(c)
	if err != nil {
		return fmt.Errorf("reading --registry: %w", err)
	}
	s.chapters.titles.Connect(client)
	for _, q := range client.Connected() {
		s.metrics.circuit(q, client)
	}
	return nil
}

// registryBodies reads --registry and --registry-token-file, QUALIFICATION=VALUE
// each.
func (c Config) registryBodies() (map[poa.Qualification]registry.Body, error) {
	bodies := map[poa.Qualification]registry.Body{}
	for _, text := range c.Registries {
		name, address, ok := strings.Cut(text, "=")
		if _, twice := bodies[poa.Qualification(name)]; !ok || twice {
			return nil, errors.New("--registry is QUALIFICATION=https://…, once for each")
		}
		bodies[poa.Qualification(name)] = registry.Body{URL: address}
	}
	for _, text := range c.RegistryTokenFiles {
		name, path, ok := strings.Cut(text, "=")
		b, known := bodies[poa.Qualification(name)]
		if !ok || !known {
			return nil, errors.New("--registry-token-file is QUALIFICATION=FILE, for one that --registry names")
		}
		token, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading --registry-token-file of %s: %w", name, err)
		}
		b.Token = strings.TrimSpace(string(token))
		bodies[poa.Qualification(name)] = b
	}
	return bodies, nil
}

// circuit shows how the connection to a registry stands: 0 is closed, 1 half
// open, 2 open.
func (m *metrics) circuit(q poa.Qualification, client *registry.Client) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "ininjo_registry_circuit",
		Help: "Connection to a professional body's registry: 0 closed (asked), 1 half open (tried), 2 open (not asked after failures).", ConstLabels: prometheus.Labels{"qualification": string(q)}},
		func() float64 {
			for _, state := range client.States() {
				if state.Qualification == q {
					return map[string]float64{"OPEN": 2, "HALF_OPEN": 1}[state.State]
				}
			}
			return 0
		}))
}
