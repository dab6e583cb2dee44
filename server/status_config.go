// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/status"
	"ininjo/server/outside/webhook"
)

// statusConfig is what of the settings concerns certificates: who verifies, whom
// to ask whether one is revoked, and the second lawful method of signing.
type statusConfig struct {
	// VerificationMode is the operator's part: a certified verifier itself, or a
	// service provider whom a platform verifies for.
	VerificationMode string `default:"platform" enum:"platform,sp" env:"ININJO_VERIFICATION_MODE" help:"platform (this operator may verify certificates itself: 公的個人認証法 17条) or sp (a service provider: --platform-url verifies, and no raw certificate is kept)."`
	// Statuses say whom to ask about certificates of which pinned root, in this
	// order. Nothing is ever asked at an address that a certificate names.
	Statuses []string `name:"status" env:"ININJO_STATUS" help:"Whom to ask whether certificates of a pinned root are revoked, ROOTSHA256=crl:FILE, ROOTSHA256=crl+https://… or ROOTSHA256=ocsp:https://…; repeated: asked in this order until one can tell. Without it nobody is asked and a person decides."`
	// PlatformURL and PlatformTokenFile name a verification platform
	// (docs/platform-openapi.yaml).
	PlatformURL       string `env:"ININJO_PLATFORM_URL" help:"Verification platform that is asked about certificates of roots that --status does not name (docs/platform-openapi.yaml). Must be given with --verification-mode=sp."`
	PlatformTokenFile string `env:"ININJO_PLATFORM_TOKEN_FILE" help:"File with the bearer token at --platform-url; read for each question." type:"path"`
	// StatusTimeout bounds one question in all, StatusMaxAge the use of an answer.
	StatusTimeout time.Duration `default:"10s" env:"ININJO_STATUS_TIMEOUT" help:"How long one question about a certificate may take in all. What is not told by then waits and is asked again."`
	StatusMaxAge  time.Duration `default:"10m" env:"ININJO_STATUS_MAX_AGE" help:"How long a CRL or an OCSP response is used again; never beyond its own next update. A platform's answers are not."`
	// StatusNonce says whether a responder must repeat what it was sent.
	StatusNonce string `default:"required" enum:"required,optional" env:"ININJO_STATUS_NONCE" help:"Whether OCSP responses must repeat the nonce: required, or optional for a responder that signs beforehand (another nonce is refused all the same)."`
	// StatusAllow are private networks in which a source may stand.
	StatusAllow []string `env:"ININJO_STATUS_ALLOW" help:"Private networks (prefix, or address:port) that CRLs, OCSP responders and the platform may stand in."`
	// CommercialRegistryRoots switches the second lawful method of signing on.
	CommercialRegistryRoots string `env:"ININJO_COMMERCIAL_REGISTRY_ROOTS" help:"Folder of pinned roots with pins.txt of the commercial registry. With it certificates of the commercial registry (商業登記電子証明書) are taken from corporations as well; without it they are not." type:"path"`
	// CommercialRegistryPolicies are the policies of its certificates.
	CommercialRegistryPolicies []string `name:"commercial-registry-policy-oids" default:"1.2.392.100300.1.3.4" env:"ININJO_COMMERCIAL_REGISTRY_POLICY_OIDS" help:"Certificate policies of the commercial registry that are accepted."`
}

// check refuses what cannot be meant.
func (c statusConfig) check() error {
	switch {
	case c.VerificationMode == "sp" && c.PlatformURL == "":
		return errors.New("--verification-mode=sp wants --platform-url: a service provider may not verify by itself")
	case (c.PlatformURL == "") != (c.PlatformTokenFile == ""):
		return errors.New("--platform-url and --platform-token-file go together")
	case c.VerificationMode == "sp" && len(c.Statuses) > 0:
		return errors.New("--status goes with --verification-mode=platform: a service provider has the platform alone to ask")
	case c.StatusTimeout < 0 || c.StatusMaxAge < 0:
		return errors.New("--status-timeout and --status-max-age are spans of time above zero")
	case c.VerificationMode == "sp" && c.CommercialRegistryRoots != "":
		return errors.New("--commercial-registry-roots goes with --verification-mode=platform: the platform verifies cards alone")
	}
	_, err := c.places()
	return err
}

// places reads --status.
func (c statusConfig) places() (map[[sha256.Size]byte][]status.Place, error) {
	places := map[[sha256.Size]byte][]status.Place{}
	for _, text := range c.Statuses {
		root, place, err := status.ParsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("reading --status: %w", err)
		}
		if slices.Contains(places[root], place) {
			return nil, errors.New("reading --status: a place is named twice for one root")
		}
		places[root] = append(places[root], place)
	}
	return places, nil
}

// statusSource is whom certificates are asked of, nil where nothing is set. The
// memory of lists is shared with other processes; nil where there is none. Roots
// are all that are pinned: a place for another one would never be asked.
func (c statusConfig) statusSource(clock poa.Clock, log *slog.Logger, memory status.Memory, roots ...*jpki.Roots) (poa.StatusSource, error) {
	var allowed []webhook.Allowance
	for _, text := range c.StatusAllow {
		allowance, err := webhook.ParseAllowance(text)
		if err != nil {
			return nil, fmt.Errorf("reading --status-allow: %w", err)
		}
		allowed = append(allowed, allowance)
	}
	platform, err := c.platform(clock, log, allowed)
	if err != nil {
		return nil, err
	}
	source, err := c.source(clock, log, memory, allowed, roots)
	if err != nil {
		return nil, err
	}
	switch {
	case source != nil && platform != nil:
		return status.Routed{Source: source, Platform: platform}, nil
	case source != nil:
		return source, nil
	case platform != nil:
		return platform, nil
	}
	return nil, nil
}

// platform is the client of --platform-url, nil where none is set.
func (c statusConfig) platform(clock poa.Clock, log *slog.Logger, allowed []webhook.Allowance) (*status.Platform, error) {
	if c.PlatformURL == "" {
		return nil, nil
	}
	platform, err := status.NewPlatform(status.PlatformConfig{URL: c.PlatformURL, TokenFile: c.PlatformTokenFile, Allowed: allowed, Timeout: c.StatusTimeout, Clock: clock, Log: log})
	if err != nil {
		return nil, fmt.Errorf("reading --platform-url: %w", err)
	}
	return platform, nil
}

// source asks the places of --status, nil where none is set.
func (c statusConfig) source(clock poa.Clock, log *slog.Logger, memory status.Memory, allowed []webhook.Allowance, roots []*jpki.Roots) (*status.Source, error) {
	places, err := c.places()
	if err != nil || len(places) == 0 {
		return nil, err
	}
	for root := range places {
		if !pinned(root, roots) {
			return nil, fmt.Errorf("reading --status: no pinned root has the SHA-256 %x", root)
		}
	}
	source, err := status.NewSource(status.Config{Places: places, Memory: memory, Allowed: allowed, Timeout: c.StatusTimeout, MaxAge: c.StatusMaxAge, NonceOptional: c.StatusNonce == "optional", Clock: clock, Log: log})
	if err != nil {
		return nil, fmt.Errorf("reading --status: %w", err)
	}
	return source, nil
}

func pinned(root [sha256.Size]byte, all []*jpki.Roots) bool {
	for _, roots := range all {
		if roots == nil {
			continue
		}
		if slices.ContainsFunc(roots.Certificates(), func(certificate *x509.Certificate) bool { return sha256.Sum256(certificate.Raw) == root }) {
			return true
		}
	}
	return false
}

// methods are the lawful methods of signing beside JPKI that are switched on. A
// test hierarchy is for the demo alone; a root pinned for both methods would let
// one pass for the other.
func (c statusConfig) methods(demo bool, cards *jpki.Roots) ([]jpki.Rules, error) {
	if c.CommercialRegistryRoots == "" {
		return nil, nil
	}
	roots, err := jpki.LoadRoots(c.CommercialRegistryRoots)
	if err != nil {
		return nil, fmt.Errorf("reading --commercial-registry-roots: %w", err)
	}
	if roots.IsTest() && !demo {
		return nil, errors.New("--commercial-registry-roots holds a test hierarchy, which only demo may trust")
	}
	for _, root := range roots.Certificates() {
		if pinned(sha256.Sum256(root.Raw), []*jpki.Roots{cards}) {
			return nil, errors.New("--commercial-registry-roots and --roots hold the same root")
		}
	}
	policies := c.CommercialRegistryPolicies
	if len(policies) == 0 {
		policies = []string{jpki.PolicyCommercialRegistry}
	}
	return []jpki.Rules{{Method: jpki.CommercialRegistry, Roots: roots, Policies: policies}}, nil
}
