// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"slices"
	"time"

	"ininjo/poa"
	"ininjo/poa/cms"
)

// tsaRequest and tsaInfo are TimeStampReq and TSTInfo of RFC 3161. They are written here once more, since the reader
// under test must not be what makes its tests' input.
type tsaRequest struct {
	Version    int
	Imprint    tsaImprint
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      *big.Int              `asn1:"optional"`
	CertReq    bool                  `asn1:"optional,default:false"`
	Extensions []pkix.Extension      `asn1:"tag:0,optional"`
}

type tsaImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

type tsaInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  tsaImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct{ Seconds int }
	Nonce    *big.Int `asn1:"optional"`
}

var (
	oidTSTInfo   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidTSAPolicy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 3161}
)

// Bits of PKIFailureInfo.
const (
	failBadRequest    = 2
	failNoTime        = 14
	failSystemFailure = 25
)

// Answer answers one request as of an instant; the answer to what it cannot read is a refusal.
func (a *TSA) Answer(request []byte, now time.Time) []byte {
	a.mu.Lock()
	fault := a.fault
	a.mu.Unlock()
	if fault == TSARefuses {
		return refusal(failNoTime)
	}
	if fault == TSAGarbage {
		return []byte("委任状")
	}
	var asked tsaRequest
	if rest, err := asn1.Unmarshal(request, &asked); err != nil || len(rest) > 0 {
		return refusal(failBadRequest)
	}
	token, err := a.token(asked, fault, now)
	if err != nil {
		return refusal(failSystemFailure)
	}
	return sequence(sequence(wrap(0)), token)
}

func (a *TSA) token(asked tsaRequest, fault TSAFault, now time.Time) ([]byte, error) {
	info := tsaInfo{Version: 1, Policy: oidTSAPolicy, Imprint: asked.Imprint, Serial: a.number(), Time: now.UTC().Truncate(time.Second), Nonce: asked.Nonce}
	info.Accuracy.Seconds = 1
	info.spoil(fault)
	statement, err := asn1.Marshal(info)
	if err != nil {
		return nil, err
	}
	certificate, err := a.certificate(fault, now)
	if err != nil {
		return nil, err
	}
	options := cms.SignOptions{ContentType: oidTSTInfo, SigningTime: now, Hash: a.hash, PSS: a.pss, ESS: fault != TSAUnnamed}
	if fault == TSAWrongContent {
		options.ContentType = nil
	}
	return cms.Sign(statement, certificate, a.key, options)
}

// spoil gives the statement one of the faults that stand in it.
func (i *tsaInfo) spoil(fault TSAFault) {
	if fault == TSAWrongNonce {
		i.Nonce = big.NewInt(1)
	}
	if fault == TSAWithoutNonce {
		i.Nonce = nil
	}
	if fault == TSAWrongImprint {
		i.Imprint.Digest = slices.Clone(i.Imprint.Digest)
		i.Imprint.Digest[0] ^= 1
	}
}

// refusal is a PKIStatusInfo of rejection with one bit of failure information.
func refusal(bit int) []byte {
	bits := make([]byte, bit/8+1)
	bits[bit/8] = 0x80 >> (bit % 8)
	const rejection = 2
	return sequence(sequence(wrap(rejection), sequence(utf8("refused")), wrap(asn1.BitString{Bytes: bits, BitLength: bit + 1})))
}

// maxQuery bounds a request over HTTP.
const maxQuery = 64 << 10

// Handler answers over HTTP (RFC 3161 section 3.4) at the clock's time.
func (a *TSA) Handler(clock poa.Clock) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, "a time stamp query is posted", http.StatusBadRequest)
			return
		}
		query, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuery))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		a.mu.Lock()
		fault := a.fault
		a.mu.Unlock()
		if failed := fail(w, r, fault); failed {
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(a.Answer(query, clock.Now()))
	})
}

// fail does what is wrong over HTTP.
func fail(w http.ResponseWriter, r *http.Request, fault TSAFault) bool {
	switch fault {
	case TSASlow:
		<-r.Context().Done()
	case TSAServerError:
		http.Error(w, "later", http.StatusServiceUnavailable)
	case TSARedirects:
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case TSAWrongType:
		http.Error(w, "<html>", http.StatusOK)
	case TSATooLarge:
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(make([]byte, 4<<20))
	case TSAWithoutAnswer:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}
