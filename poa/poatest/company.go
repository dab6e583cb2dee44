// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"
)

// PolicyCommercialRegistry is the policy of the commercial registry's certificates.
const PolicyCommercialRegistry = "1.2.392.100300.1.3.4"

// Company is whom a certificate of the commercial registry is made out to.
type Company struct {
	Name                string // 商号
	Number              string // 会社法人等番号, twelve digits
	HeadOffice          string
	RepresentativeName  string // without a space
	RepresentativeTitle string
}

// NewRegistryCA makes a test root in the shape of the commercial registry's (O=Ministry of Justice-TEST).
func NewRegistryCA(at time.Time, options ...CAOption) (*CA, error) {
	settings := caSettings{organization: "Ministry of Justice-TEST", from: at.AddDate(-1, 0, 0), to: at.AddDate(10, 0, 0)}
	for _, option := range options {
		option(&settings)
	}
	key, err := newRSA()
	if err != nil {
		return nil, fmt.Errorf("making root key: %w", err)
	}
	subject, err := encodeName([]rdn{{oidCountry, "JP"}, {oidOrg, settings.organization}, {oidCommon, "Registrar of Test Legal Affairs Bureau"}})
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, settings.from, settings.to)
	if err != nil {
		return nil, err
	}
	template.SubjectKeyId = keyID(key.Public())
	template.BasicConstraintsValid, template.IsCA = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	root, err := create(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &CA{Root: root, key: key.(*rsa.PrivateKey), at: at}, nil //nolint:forcetypeassert // newRSA makes no other
}

// IssueCompany makes a certificate in the shape of the commercial registry's: who is who stands in extensions of its
// own, and the subject holds no name of a person.
func (ca *CA) IssueCompany(company Company, options ...Option) (*Signer, error) {
	settings := issueSettings{policy: PolicyCommercialRegistry, from: ca.at.AddDate(0, 0, -1), to: ca.at.AddDate(2, 3, 0),
		usage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, makeKey: newRSA}
	for _, option := range options {
		option(&settings)
	}
	key, err := settings.makeKey()
	if err != nil {
		return nil, fmt.Errorf("making holder's key: %w", err)
	}
	subject, err := encodeName([]rdn{{oidCountry, "JP"}, {oidOrg, "Ministry of Justice-TEST"}, {oidCommon, company.Number}})
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, settings.from, settings.to)
	if err != nil {
		return nil, err
	}
	if template.ExtraExtensions, err = ca.companyExtensions(company, settings); err != nil {
		return nil, err
	}
	certificate, err := create(template, ca.Root, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &Signer{Certificate: certificate, Key: key, root: ca.Root}, nil
}

func (ca *CA) companyExtensions(company Company, settings issueSettings) ([]pkix.Extension, error) {
	policy, err := policyOID(settings.policy)
	if err != nil {
		return nil, err
	}
	var list []pkix.Extension
	if settings.usage != 0 {
		list = append(list, keyUsage(settings.usage))
	}
	list = append(list, pkix.Extension{Id: oidRegistryPolicies, Critical: true, Value: sequence(sequence(wrap(policy)))},
		pkix.Extension{Id: oidRegistrar, Value: utf8("試験法務局登記官")},
		pkix.Extension{Id: oidAuthority, Value: sequence(implicit(0, ca.Root.SubjectKeyId))})
	if !settings.withoutAlt {
		value := settings.subjectAlt
		if value == nil {
			value = company.extension()
		}
		list = append(list, pkix.Extension{Id: oidCorporation, Value: value})
	}
	return append(list, settings.extra...), nil
}

// extension is registeredCorporationInfo, in the form of a sample certificate.
func (c Company) extension() []byte {
	number := wrap(asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte(c.Number)})
	return sequence(tagged(0, utf8(c.Name)), tagged(1, number), tagged(2, utf8(c.HeadOffice)),
		tagged(3, utf8(c.RepresentativeName)), tagged(4, utf8(c.RepresentativeTitle)), tagged(6, utf8("試験法務局")))
}
