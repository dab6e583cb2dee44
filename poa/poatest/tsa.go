// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"ininjo/poa/cms"
)

// TSAPolicy is the policy of the test authority's time stamps, below the arc for examples (RFC 5612).
const TSAPolicy = "1.3.6.1.4.1.32473.3161"

// TSAFault is something that a test authority does wrong.
type TSAFault string

// The faults of a TSA.
const (
	TSAWrongNonce    TSAFault = "WRONG_NONCE"
	TSAWithoutNonce  TSAFault = "WITHOUT_NONCE"
	TSAWrongImprint  TSAFault = "WRONG_IMPRINT"
	TSAExpired       TSAFault = "EXPIRED"         // its certificate ended a day before the stamp
	TSAWrongUsage    TSAFault = "WRONG_USAGE"     // its certificate is for code as well
	TSANotCritical   TSAFault = "NOT_CRITICAL"    // the extended key usage may be passed over
	TSAUnnamed       TSAFault = "UNNAMED"         // no signed attribute names the certificate
	TSAWrongContent  TSAFault = "WRONG_CONTENT"   // the statement is signed as plain data
	TSARefuses       TSAFault = "REFUSES"         // timeNotAvailable
	TSAGarbage       TSAFault = "GARBAGE"         // bytes that are no answer
	TSASlow          TSAFault = "SLOW"            // over HTTP, no answer until the caller gives up
	TSAServerError   TSAFault = "SERVER_ERROR"    // over HTTP, status 503
	TSARedirects     TSAFault = "REDIRECTS"       // over HTTP, status 302
	TSAWrongType     TSAFault = "WRONG_TYPE"      // over HTTP, an answer as text/html
	TSATooLarge      TSAFault = "TOO_LARGE"       // over HTTP, an answer of some MiB
	TSAWithoutAnswer TSAFault = "CONNECTION_LOST" // over HTTP, the connection ends
)

// TSA is a time stamp authority (RFC 3161) of a test hierarchy. It is safe for concurrent use.
type TSA struct {
	ca       *CA
	key      crypto.Signer
	from, to time.Time
	hash     crypto.Hash
	pss      bool
	serial   atomic.Int64

	mu     sync.Mutex
	fault  TSAFault
	issued map[TSAFault]*x509.Certificate
}

// TSAOption changes how an authority is made.
type TSAOption func(*TSA)

// WithTSAValidity sets the period of the authority's certificate, which is otherwise from a day before the CA's
// instant to ten years after it.
func WithTSAValidity(from, to time.Time) TSAOption {
	return func(a *TSA) { a.from, a.to = from, to }
}

// WithTSAHash sets the hash that the authority signs with, which is SHA-256 otherwise.
func WithTSAHash(hash crypto.Hash) TSAOption { return func(a *TSA) { a.hash = hash } }

// WithTSAKey gives the authority a key, which is otherwise an RSA key that the process makes once.
func WithTSAKey(key crypto.Signer) TSAOption { return func(a *TSA) { a.key = key } }

// WithTSAPSS lets the authority sign RSA-PSS.
func WithTSAPSS() TSAOption { return func(a *TSA) { a.pss = true } }

var tsaKey = sync.OnceValues(newRSA)

// TimeStampAuthority makes a time stamp authority whose certificate the CA's root issued.
func (ca *CA) TimeStampAuthority(options ...TSAOption) (*TSA, error) {
	a := &TSA{ca: ca, hash: crypto.SHA256, from: ca.at.AddDate(0, 0, -1), to: ca.at.AddDate(10, 0, 0).Add(-time.Second),
		issued: map[TSAFault]*x509.Certificate{}}
	for _, option := range options {
		option(a)
	}
	if a.key == nil {
		key, err := tsaKey()
		if err != nil {
			return nil, fmt.Errorf("making authority's key: %w", err)
		}
		a.key = key
	}
	_, err := a.certificate("", ca.at)
	return a, err
}

// MustTSA is TimeStampAuthority that ends the test when it fails.
func MustTSA(t TB, ca *CA, options ...TSAOption) *TSA {
	t.Helper()
	a, err := ca.TimeStampAuthority(options...)
	if err != nil {
		t.Fatalf("making time stamp authority: %v", err)
	}
	return a
}

// Do lets the authority do something wrong from now on; the empty fault ends that.
func (a *TSA) Do(fault TSAFault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = fault
}

// Certificate returns the authority's certificate.
func (a *TSA) Certificate() *x509.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.issued[""]
}

// Key returns the authority's key, for tools beside ours.
func (a *TSA) Key() crypto.Signer { return a.key }

// Roots returns the pool that holds the hierarchy's root.
func (a *TSA) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.ca.Root)
	return pool
}

// Stamp returns a token over digest as of an instant.
func (a *TSA) Stamp(digest []byte, hash crypto.Hash, now time.Time) ([]byte, error) {
	request, err := cms.NewTimeStampRequest(digest, hash, nil)
	if err != nil {
		return nil, err
	}
	return cms.ReadTimeStampResponse(a.Answer(request, now), digest, hash, nil)
}

// certificate issues the certificate that a fault needs, once.
func (a *TSA) certificate(fault TSAFault, now time.Time) (*x509.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fault != TSAExpired && fault != TSAWrongUsage && fault != TSANotCritical {
		fault = ""
	}
	if made, ok := a.issued[fault]; ok {
		return made, nil
	}
	from, to := a.from, a.to
	if fault == TSAExpired {
		from, to = now.AddDate(0, -1, 0), now.AddDate(0, 0, -1)
	}
	subject, err := encodeName([]rdn{{oidCountry, "JP"}, {oidOrg, "JPKI-TEST"}, {oidCommon, "Test TSA"}})
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject, from, to)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = []pkix.Extension{keyUsage(x509.KeyUsageDigitalSignature), extendedUsage(fault),
		{Id: oidAuthority, Value: sequence(implicit(0, a.ca.Root.SubjectKeyId))}, {Id: oidSubjectKey, Value: wrap(keyID(a.key.Public()))}}
	made, err := create(template, a.ca.Root, a.key.Public(), a.ca.key)
	if err != nil {
		return nil, err
	}
	a.issued[fault] = made
	return made, nil
}

var (
	oidExtendedUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidCodeSigning   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
)

func extendedUsage(fault TSAFault) pkix.Extension {
	usages := wrap(oidTimeStamping)
	if fault == TSAWrongUsage {
		usages = append(usages, wrap(oidCodeSigning)...)
	}
	return pkix.Extension{Id: oidExtendedUsage, Critical: fault != TSANotCritical, Value: sequence(usages)}
}

// number draws the next serial number of a token.
func (a *TSA) number() *big.Int { return big.NewInt(a.serial.Add(1)) }
