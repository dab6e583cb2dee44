// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"
)

// TimeStamp is what a time stamp token (RFC 3161) says.
type TimeStamp struct {
	Token    []byte // DER
	Time     time.Time
	Hash     crypto.Hash // of the imprint
	Policy   string      // object identifier of the authority's policy
	Serial   string      // in hex, unique at its authority
	Signer   *x509.Certificate
	NotAfter time.Time // the earliest end in its path; zero where the path was not judged
}

// stampLimits bound a token and an answer: a token with its whole path has some 10 kB.
func stampLimits() Limits { return Limits{MaxBytes: 128 << 10, MaxDepth: 32, MaxElements: 1 << 13} }

// maxStamps over one signature are read; each costs a verification.
const maxStamps = 8

// VerifyTimeStamp verifies a token (DER or BER) over digest: one signer, a signed attribute that names its
// certificate, a certificate for time stamps alone, and a path to the pinned roots. The path is judged at the stamp's
// own time: whether it still stands today (revocation, a later stamp over it) is for the caller to know.
func VerifyTimeStamp(token, digest []byte, hash crypto.Hash, roots *x509.CertPool) (TimeStamp, error) {
	opened, err := openStamp(token, digest, hash)
	if err != nil {
		return TimeStamp{}, err
	}
	opened.stamp.NotAfter, err = judgePath(opened.stamp, opened.certificates, roots)
	if err != nil {
		return TimeStamp{}, err
	}
	return opened.stamp, nil
}

// openedStamp is a token whose signature, imprint and certificate's usage are right; its path is not judged.
type openedStamp struct {
	stamp        TimeStamp
	nonce        *big.Int
	certificates []*x509.Certificate
}

// openStamp reads a token with our own reader, not with digitorus/timestamp: that one verifies through pkcs7, so it takes
// SHA-1, bytes after the token, a token without a named certificate and any usage, compares no content type, and drops
// the authority's failure information.
func openStamp(token, digest []byte, hash crypto.Hash) (openedStamp, error) {
	var none openedStamp
	der, err := toDER(token, stampLimits())
	if err != nil {
		return none, err
	}
	sd, err := parse(der)
	if err != nil {
		return none, err
	}
	if sd.detached {
		return none, fault(NoContent, "a time stamp without its statement")
	}
	signed, claims, err := sd.verify(sd.content, rawTSTInfo)
	if err != nil {
		return none, err
	}
	info, err := readStampInfo(signed.Content)
	if err != nil {
		return none, err
	}
	if info.hash != hash || len(digest) != hash.Size() || !bytes.Equal(info.imprint, digest) {
		return none, fault(TimeStampImprint, "the time stamp is over something else")
	}
	if !claims.named() {
		return none, fault(TimeStampESS, "no signed attribute names the authority's certificate")
	}
	if err := stampUsage(signed.Signer); err != nil {
		return none, err
	}
	return openedStamp{nonce: info.nonce, certificates: signed.Certificates, stamp: TimeStamp{
		Token: der, Time: info.time, Hash: hash, Policy: info.policy.String(), Serial: info.serial.Text(16), Signer: signed.Signer,
	}}, nil
}

var oidExtendedUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// stampUsage wants the one extended key usage timeStamping, critical (RFC 3161 section 2.3), and no authority.
func stampUsage(signer *x509.Certificate) error {
	only := slices.Equal(signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) && len(signer.UnknownExtKeyUsage) == 0
	critical := false
	for _, extension := range signer.Extensions {
		critical = critical || extension.Id.Equal(oidExtendedUsage) && extension.Critical
	}
	signs := signer.KeyUsage == 0 || signer.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0
	if !only || !critical || !signs || signer.IsCA {
		return fault(TimeStampUsage, "the certificate is not for time stamps alone")
	}
	return nil
}

// judgePath finds the path that lasts longest and returns its earliest end.
func judgePath(stamp TimeStamp, others []*x509.Certificate, roots *x509.CertPool) (time.Time, error) {
	if roots == nil {
		return time.Time{}, fault(TimeStampUntrusted, "no roots are pinned")
	}
	between := x509.NewCertPool()
	for _, other := range others {
		if other != stamp.Signer {
			between.AddCert(other)
		}
	}
	chains, err := stamp.Signer.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: stamp.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return time.Time{}, fault(TimeStampPeriod, "outside of the period of a certificate in its path")
	case err != nil:
		return time.Time{}, fault(TimeStampUntrusted, "no path to a pinned root")
	}
	var latest time.Time
	for _, chain := range chains {
		end := slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
		if end.After(latest) {
			latest = end
		}
	}
	return latest.UTC(), nil
}

// readTimeStamps reads the time stamps over the signature value among the unsigned attributes (RFC 3161 appendix A).
func (s *Signed) readTimeStamps(unsigned []byte) error {
	if len(unsigned) > maxStampBytes {
		return fault(TooLarge, "more bytes of unsigned attributes than allowed")
	}
	f := fields{rest: unsigned}
	read := 0
	for len(f.rest) > 0 {
		one := fields{rest: f.want(asn1.TagSequence).Bytes, bad: f.bad}
		id := one.oid()
		tokens := fields{rest: one.want(asn1.TagSet).Bytes}
		if !one.done() {
			return fault(Malformed, "unsigned attribute broken")
		}
		for id == rawTimeStamp && len(tokens.rest) > 0 {
			if read++; read > maxStamps {
				return fault(TooManyElements, "more time stamps than allowed")
			}
			if err := s.readTimeStamp(tokens.next().FullBytes); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTimeStamp finds the imprint's hash by trying: each of the table could be meant.
func (s *Signed) readTimeStamp(token []byte) error {
	hash, err := imprintHash(token)
	if err != nil {
		s.UnreadTimeStamps++
		return nil
	}
	opened, err := openStamp(token, sum(hash, s.SignatureValue), hash)
	switch {
	case KindOf(err) == TimeStampImprint:
		return err
	case err != nil:
		s.UnreadTimeStamps++
	default:
		s.TimeStamps = append(s.TimeStamps, opened.stamp)
	}
	return nil
}
