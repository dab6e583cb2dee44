// SPDX-License-Identifier: Apache-2.0

package jpki

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"time"
)

// Certificate policies of JPKI (facts of the field 2.2).
const (
	// PolicyCard is that of signing certificates on My Number cards, the only one that the Act's article 3 means.
	PolicyCard = "1.2.392.200149.8.5.1.1.20"
	// PolicyTest is that of JPKI's test environment; for demo and tests.
	PolicyTest = "1.2.392.200149.8.5.1.0.20"
)

// Profile says which certificates are taken: JPKI's by Roots and Policies, and those of further methods.
type Profile struct {
	Roots    *Roots
	Policies []string // object identifiers; a certificate must be issued under one of them
	Methods  []Rules  // further methods, each with roots of its own; none unless the operator sets it
}

// Certificate is a certificate that passed Check, with what is to be kept of it. Its revocation status is not known.
type Certificate struct {
	Method     Method
	Issuer     *x509.Certificate   // whose key signed it: the one to ask for its status
	Chain      []*x509.Certificate // from the certificate itself to the pinned root
	Raw        []byte
	SHA256     [sha256.Size]byte
	Serial     string   // 発行の番号, in hex
	Identity   Identity // of a certificate of the commercial registry the representative's name alone
	Company    *Company // nil but for the commercial registry
	NotBefore  time.Time
	NotAfter   time.Time
	RootSHA256 [sha256.Size]byte
	Policy     string // the one of Profile.Policies under which it was issued
}

// Check judges a signer's certificate as of an instant; others may complete its path. Where there is no path the
// only Fault is UNTRUSTED; otherwise every fault is told, joined (see Faults). Revocation is not looked at. The pinned
// root that the path ends at decides which method's rules hold.
func (p Profile) Check(signer *x509.Certificate, others []*x509.Certificate, at time.Time) (Certificate, error) {
	for _, rules := range p.rules() {
		if chain := rules.path(signer, others, at); chain != nil {
			return rules.judge(chain, at)
		}
	}
	return Certificate{}, fault(Untrusted, "no path to a pinned root")
}

// judge tells all that is wrong with a certificate whose path is known.
func (r Rules) judge(chain []*x509.Certificate, at time.Time) (Certificate, error) {
	signer, root := chain[0], chain[len(chain)-1]
	policy, policyFault := r.policy(signer)
	identity, company, holderFault := r.holder(signer)
	if err := errors.Join(period(signer, at), r.usage(signer), r.critical(signer), policyFault, holderFault); err != nil {
		return Certificate{}, err
	}
	return Certificate{
		Method: r.Method, Issuer: chain[min(1, len(chain)-1)], Chain: chain, Company: company,
		Raw: signer.Raw, SHA256: sha256.Sum256(signer.Raw), Serial: signer.SerialNumber.Text(16), Identity: identity,
		NotBefore: signer.NotBefore.UTC(), NotAfter: signer.NotAfter.UTC(), RootSHA256: sha256.Sum256(root.Raw), Policy: policy,
	}, nil
}

// path finds the way to a pinned root, nil where there is none. It is sought at the instant moved into the
// certificate's own period, so that an expired certificate of a known authority is EXPIRED and one of an unknown
// authority is UNTRUSTED. Of roots with one name the one whose key signed is found.
func (r Rules) path(signer *x509.Certificate, others []*x509.Certificate, at time.Time) []*x509.Certificate {
	if r.Roots == nil {
		return nil
	}
	between := x509.NewCertPool()
	for _, other := range others {
		if other != signer { // it would be hashed for nothing
			between.AddCert(other)
		}
	}
	if at.After(signer.NotAfter) {
		at = signer.NotAfter
	} else if at.Before(signer.NotBefore) {
		at = signer.NotBefore
	}
	view := *signer
	view.UnhandledCriticalExtensions = nil // judge looks at them
	chains, err := view.Verify(x509.VerifyOptions{
		Roots: r.Roots.pool, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // the profiles have no extended key usage
	})
	if err != nil {
		return nil
	}
	return append([]*x509.Certificate{signer}, chains[0][1:]...)
}
