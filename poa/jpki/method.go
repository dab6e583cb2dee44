// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"
)

// Method is a lawful way of signing a delegation (施行規則 article 2(1)).
type Method string

// The methods.
const (
	JPKI               Method = "JPKI"                // 署名用電子証明書
	CommercialRegistry Method = "COMMERCIAL_REGISTRY" // 商業登記電子証明書
)

// Rules say which certificates of one method are taken.
type Rules struct {
	Method   Method
	Roots    *Roots
	Policies []string // object identifiers; a certificate must be issued under one of them
}

// rules are those of JPKI first, then of the further methods.
func (p Profile) rules() []Rules {
	return append([]Rules{{Method: JPKI, Roots: p.Roots, Policies: p.Policies}}, p.Methods...)
}

// handled are the extensions that this package reads, so that they may be critical though crypto/x509 knows none of them.
func (r Rules) handled() []asn1.ObjectIdentifier {
	if r.Method == CommercialRegistry {
		return []asn1.ObjectIdentifier{oidRegistryPolicies, oidRegistrar, oidCorporation}
	}
	return []asn1.ObjectIdentifier{oidSubjectAlt}
}

// critical wants every critical extension to be one that somebody reads.
func (r Rules) critical(signer *x509.Certificate) error {
	handled := r.handled()
	for _, oid := range signer.UnhandledCriticalExtensions {
		if !slices.ContainsFunc(handled, oid.Equal) {
			return fault(CriticalExtension, "a critical extension that is not known")
		}
	}
	return nil
}

// usage wants a key for signing what one is bound by. Certificates of the commercial registry had no key usage until
// March 2026, and which bits they have since is not known: there none at all, or either bit of signatures, is taken.
func (r Rules) usage(signer *x509.Certificate) error {
	var ca, use error
	if signer.IsCA || signer.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		ca = fault(IsCA, "an authority's certificate")
	}
	wanted := x509.KeyUsageContentCommitment
	if r.Method == CommercialRegistry {
		wanted |= x509.KeyUsageDigitalSignature
	}
	missing := signer.KeyUsage == 0 && r.Method == CommercialRegistry
	if !missing && signer.KeyUsage&wanted == 0 {
		use = fault(KeyUsage, "nonRepudiation is not set")
	}
	return errors.Join(ca, use)
}

func (r Rules) policy(signer *x509.Certificate) (string, error) {
	for _, name := range r.policies(signer) {
		if slices.Contains(r.Policies, name) {
			return name, nil
		}
	}
	return "", fault(Policy, "issued under no policy that is taken")
}

// policies are what the certificate names; the commercial registry does so in an extension of its own.
func (r Rules) policies(signer *x509.Certificate) []string {
	var all []string
	for _, oid := range signer.Policies {
		all = append(all, oid.String())
	}
	for _, extension := range signer.Extensions {
		if r.Method != CommercialRegistry || !extension.Id.Equal(oidRegistryPolicies) {
			continue
		}
		var own []struct{ ID asn1.ObjectIdentifier }
		if rest, err := asn1.Unmarshal(extension.Value, &own); err == nil && len(rest) == 0 {
			for _, one := range own {
				all = append(all, one.ID.String())
			}
		}
	}
	return all
}

// holder reads who the certificate is made out to.
func (r Rules) holder(signer *x509.Certificate) (Identity, *Company, error) {
	if r.Method != CommercialRegistry {
		identity, err := ReadIdentity(signer)
		return identity, nil, err
	}
	company, err := ReadCompany(signer)
	if err != nil {
		return Identity{}, nil, err
	}
	return Identity{Name: company.RepresentativeName}, &company, nil
}

func period(signer *x509.Certificate, at time.Time) error {
	switch {
	case at.Before(signer.NotBefore):
		return fault(NotYetValid, "before its period")
	case at.After(signer.NotAfter):
		return fault(Expired, "after its period")
	}
	return nil
}
