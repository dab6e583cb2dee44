// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

type issueSettings struct {
	policy                  string
	from, to                time.Time
	usage                   x509.KeyUsage
	subjectAlt              []byte
	withoutAlt, criticalAlt bool
	isCA                    bool
	nameFlags, addressFlags string
	makeKey                 func() (crypto.Signer, error)
	serial                  *big.Int
	extra                   []pkix.Extension
	names                   func([]otherItem) []otherItem
}

// Option changes one thing about an issued certificate, mostly so that it must be refused.
type Option func(*issueSettings)

// WithPolicy sets the certificate policy, which is PolicyTest otherwise.
func WithPolicy(oid string) Option { return func(s *issueSettings) { s.policy = oid } }

// WithValidity sets the period, which is otherwise from a day before the CA's instant to five years after it.
func WithValidity(from, to time.Time) Option {
	return func(s *issueSettings) { s.from, s.to = from, to }
}

// WithKeyUsage sets the key usage, which is digitalSignature and nonRepudiation otherwise.
func WithKeyUsage(usage x509.KeyUsage) Option { return func(s *issueSettings) { s.usage = usage } }

// WithoutIdentity leaves the subjectAltName out.
func WithoutIdentity() Option { return func(s *issueSettings) { s.withoutAlt = true } }

// WithSubjectAltName puts these bytes as the subjectAltName's value.
func WithSubjectAltName(der []byte) Option { return func(s *issueSettings) { s.subjectAlt = der } }

// WithCriticalIdentity marks the subjectAltName critical.
func WithCriticalIdentity() Option { return func(s *issueSettings) { s.criticalAlt = true } }

// WithSubstitutes sets the flags of substitute characters in name and address, one 0 or 1 for each character.
func WithSubstitutes(name, address string) Option {
	return func(s *issueSettings) { s.nameFlags, s.addressFlags = name, address }
}

// WithoutName leaves 氏名 out of the identity.
func WithoutName() Option {
	return func(s *issueSettings) {
		s.names = func(items []otherItem) []otherItem {
			return slices.DeleteFunc(items, func(i otherItem) bool { return i.number == arcName })
		}
	}
}

// WithSecondName adds another 氏名 to the identity.
func WithSecondName(name string) Option {
	return func(s *issueSettings) {
		s.names = func(items []otherItem) []otherItem { return append(items, otherItem{arcName, name}) }
	}
}

// WithOtherName adds an item of the identity under a number that is not known yet.
func WithOtherName(number int, text string) Option {
	return func(s *issueSettings) {
		s.names = func(items []otherItem) []otherItem { return append(items, otherItem{number, text}) }
	}
}

// WithReversedNames turns the order of the identity's items around.
func WithReversedNames() Option {
	return func(s *issueSettings) {
		s.names = func(items []otherItem) []otherItem { slices.Reverse(items); return items }
	}
}

// WithBirthDate sets the certificate's nine digits, whatever the person's birth date is.
func WithBirthDate(digits string) Option {
	return func(s *issueSettings) {
		s.names = func(items []otherItem) []otherItem {
			for i := range items {
				if items[i].number == arcBirthDate {
					items[i].text = digits
				}
			}
			return items
		}
	}
}

// WithUnknownCritical adds a critical extension that nobody knows.
func WithUnknownCritical() Option {
	return func(s *issueSettings) {
		s.extra = append(s.extra, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 392, 200149, 9, 9}, Critical: true, Value: wrap(true)})
	}
}

// WithSerial sets the serial number (発行の番号), which is a random one otherwise.
func WithSerial(serial *big.Int) Option { return func(s *issueSettings) { s.serial = serial } }

// AsCA makes the certificate one of an authority.
func AsCA() Option { return func(s *issueSettings) { s.isCA = true } }

// WithECDSA gives the holder an ECDSA key; the root stays RSA.
func WithECDSA(curve elliptic.Curve) Option {
	return WithKey(func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) })
}

// WithRSABits gives the holder an RSA key of another length.
func WithRSABits(bits int) Option {
	return WithKey(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) })
}

// WithKey gives the holder a key from elsewhere.
func WithKey(makeKey func() (crypto.Signer, error)) Option {
	return func(s *issueSettings) { s.makeKey = makeKey }
}

// WithPooledKey takes one of three RSA keys that the process makes once: right for tests that do not ask
// whose key it is, since several people will hold the same one.
func WithPooledKey() Option {
	return WithKey(func() (crypto.Signer, error) { return pool[int(poolNext.Add(1))%len(pool)]() })
}

var (
	pool     = [3]func() (crypto.Signer, error){sync.OnceValues(newRSA), sync.OnceValues(newRSA), sync.OnceValues(newRSA)}
	poolNext atomic.Int64
	issued   atomic.Int64
)

func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, rsaBits) }

// Issue makes a signing certificate of JPKI's profile for a person (facts of the field 2.2), with a new RSA-2048 key.
func (ca *CA) Issue(person Person, options ...Option) (*Signer, error) {
	settings := issueSettings{
		policy: PolicyTest, from: ca.at.AddDate(0, 0, -1), to: ca.at.AddDate(5, 0, 0),
		usage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, makeKey: newRSA,
	}
	for _, option := range options {
		option(&settings)
	}
	key, err := settings.makeKey()
	if err != nil {
		return nil, fmt.Errorf("making holder's key: %w", err)
	}
	subject, err := encodeName(holderName("Tokyo-to", "Chiyoda-ku", settings.from, int(issued.Add(1))))
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, settings.from, settings.to)
	if err != nil {
		return nil, err
	}
	if settings.serial != nil {
		template.SerialNumber = settings.serial
	}
	if template.ExtraExtensions, err = ca.extensions(person, settings, key.Public()); err != nil {
		return nil, err
	}
	certificate, err := create(template, ca.Root, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &Signer{Certificate: certificate, Key: key, root: ca.Root}, nil
}

// extensions gives all extensions by hand, since crypto/x509 would write its own ones in another order than cards have.
func (ca *CA) extensions(person Person, settings issueSettings, public crypto.PublicKey) ([]pkix.Extension, error) {
	policy, err := policyOID(settings.policy)
	if err != nil {
		return nil, err
	}
	list := []pkix.Extension{keyUsage(settings.usage)}
	if !settings.withoutAlt {
		alt, err := settings.alternative(person)
		if err != nil {
			return nil, err
		}
		list = append(list, alt)
	}
	issuerAlt, err := directoryName(authorityName())
	if err != nil {
		return nil, err
	}
	point, err := crlPoint(pointOf("Tokyo-to", "Chiyoda-ku"))
	if err != nil {
		return nil, err
	}
	list = append(list, policies(policy), pkix.Extension{Id: oidIssuerAlt, Value: sequence(issuerAlt)}, point,
		pkix.Extension{Id: oidAuthority, Value: sequence(implicit(0, ca.Root.SubjectKeyId))},
		pkix.Extension{Id: oidSubjectKey, Value: wrap(keyID(public))})
	if settings.isCA {
		list = append(list, pkix.Extension{Id: oidBasic, Critical: true, Value: sequence(wrap(true))})
	}
	return append(list, settings.extra...), nil
}

// policyOID reads an identifier written with dots.
func policyOID(text string) (asn1.ObjectIdentifier, error) {
	policy, err := x509.ParseOID(text)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	encoded, err := policy.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encoding policy: %w", err)
	}
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(wrap(asn1.RawValue{Tag: asn1.TagOID, Bytes: encoded}), &oid); err != nil {
		return nil, fmt.Errorf("encoding policy: %w", err)
	}
	return oid, nil
}

func (s issueSettings) alternative(person Person) (pkix.Extension, error) {
	value := s.subjectAlt
	if value == nil {
		var err error
		if value, err = person.identity(s.nameFlags, s.addressFlags, s.names); err != nil {
			return pkix.Extension{}, err
		}
	}
	return pkix.Extension{Id: oidSubjectAlt, Critical: s.criticalAlt, Value: value}, nil
}

func implicit(tag int, content []byte) []byte {
	return wrap(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: content})
}
