// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"
)

// Certificate policies of JPKI (facts of the field 2.2).
const (
	// PolicyCard is that of signing certificates on My Number cards, the only one that the Act's article 3 means.
	PolicyCard = "1.2.392.200149.8.5.1.1.20"
	// PolicyTest is that of JPKI's test environment; for demo and tests.
	PolicyTest = "1.2.392.200149.8.5.1.0.20"
)

// Profile says which certificates are taken.
type Profile struct {
	Roots    *Roots
	Policies []string // object identifiers; a certificate must be issued under one of them
}

// Method is a lawful way of signing (施行規則 article 2(1)).
type Method string

// The methods.
const (
	JPKI               Method = "JPKI"                // 署名用電子証明書
	CommercialRegistry Method = "COMMERCIAL_REGISTRY" // 商業登記電子証明書
)

// Certificate is a certificate that passed Check, with what is to be kept of it. Its revocation status is not known.
type Certificate struct {
	Method     Method
	Issuer     *x509.Certificate   // whose key signed it: the one to ask for its status
	Chain      []*x509.Certificate // from the certificate itself to the pinned root
	Raw        []byte
	SHA256     [sha256.Size]byte
	Serial     string // 発行の番号, in hex
	Identity   Identity
	NotBefore  time.Time
	NotAfter   time.Time
	RootSHA256 [sha256.Size]byte
	Policy     string // the one of Profile.Policies under which it was issued
}

// Check judges a signer's certificate as of an instant; others may complete its path. Where there is no path the
// only Fault is UNTRUSTED; otherwise every fault is told, joined (see Faults). Revocation is not looked at.
func (p Profile) Check(signer *x509.Certificate, others []*x509.Certificate, at time.Time) (Certificate, error) {
	chain, err := p.path(signer, others, at)
	if err != nil {
		return Certificate{}, err
	}
	policy, policyFault := p.policy(signer)
	identity, identityFault := ReadIdentity(signer)
	if err := errors.Join(period(signer, at), usage(signer), policyFault, identityFault); err != nil {
		return Certificate{}, err
	}
	root := chain[len(chain)-1]
	return Certificate{
		Method: JPKI, Issuer: chain[min(1, len(chain)-1)], Chain: chain,
		Raw: signer.Raw, SHA256: sha256.Sum256(signer.Raw), Serial: signer.SerialNumber.Text(16), Identity: identity,
		NotBefore: signer.NotBefore.UTC(), NotAfter: signer.NotAfter.UTC(), RootSHA256: sha256.Sum256(root.Raw), Policy: policy,
	}, nil
}

// path finds the way to the pinned root. It is sought at the instant moved into the certificate's own period, so that an
// expired certificate of a known authority is EXPIRED and one of an unknown authority is UNTRUSTED.
func (p Profile) path(signer *x509.Certificate, others []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	if p.Roots == nil {
		return nil, fault(Untrusted, "no roots are pinned")
	}
	between := x509.NewCertPool()
	for _, other := range others {
		between.AddCert(other)
	}
	if at.After(signer.NotAfter) {
		at = signer.NotAfter
	} else if at.Before(signer.NotBefore) {
		at = signer.NotBefore
	}
	chains, err := withoutHandled(signer).Verify(x509.VerifyOptions{
		Roots: p.Roots.pool, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // the profile has no extended key usage
	})
	if err != nil {
		return nil, fault(Untrusted, "no path to a pinned root")
	}
	return append([]*x509.Certificate{signer}, chains[0][1:]...), nil
}

// withoutHandled takes the subjectAltName off the list of critical extensions that crypto/x509 could not read:
// ReadIdentity reads it. The copy serves one Verify; the certificate itself stays as it is.
func withoutHandled(certificate *x509.Certificate) *x509.Certificate {
	view := *certificate
	view.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(certificate.UnhandledCriticalExtensions),
		func(oid asn1.ObjectIdentifier) bool { return oid.Equal(oidSubjectAlt) })
	return &view
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

func usage(signer *x509.Certificate) error {
	var ca, use error
	if signer.IsCA {
		ca = fault(IsCA, "an authority's certificate")
	}
	if signer.KeyUsage&x509.KeyUsageContentCommitment == 0 {
		use = fault(KeyUsage, "nonRepudiation is not set")
	}
	return errors.Join(ca, use)
}

func (p Profile) policy(signer *x509.Certificate) (string, error) {
	for _, oid := range signer.Policies {
		if name := oid.String(); slices.Contains(p.Policies, name) {
			return name, nil
		}
	}
	return "", fault(Policy, "issued under no policy that is taken")
}
