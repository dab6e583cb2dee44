// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"ininjo/poa/jpki"
)

// StatusQuestion asks whether a certificate stands at an instant: at a signature with all but CertificateID, later
// about one that a platform verified before (現況確認) by CertificateID alone.
type StatusQuestion struct {
	Certificate, Issuer *x509.Certificate
	RootSHA256          [32]byte // of the pinned root of its path: configuration says whom to ask for each
	// SignatureValue is the CMS signature, SignedDigest the hash of the signed attributes that it is over, Hash the
	// algorithm: what a verification platform is asked about.
	SignatureValue, SignedDigest []byte
	Hash                         crypto.Hash
	At                           time.Time
	CertificateID                string // a platform's name of the certificate, which mode sp keeps nowhere
}

// StatusSource asks for revocation status. Implemented by server/outside/status, which bounds its time.
type StatusSource interface {
	// Status asks. An error means "cannot tell now": wait and ask again, never accept. One of the profile's standings
	// other than GOOD is an answer, not an error.
	Status(ctx context.Context, q StatusQuestion) (jpki.StatusAnswer, error)
}

// TimeStamper asks a time-stamping authority (RFC 3161). Implemented by server/outside/timestamp, which bounds its
// time.
type TimeStamper interface {
	// Stamp returns the token over a digest, read but not verified by path. An error means "not now".
	Stamp(ctx context.Context, digest []byte, hash crypto.Hash) (token []byte, err error)
}

// ErrNoStatusSource is the error of a source that nobody told whom to ask about
// a certificate of the question's root: as without any source, a person decides.
var ErrNoStatusSource = errors.New("nobody is set to be asked about certificates of this root")

// Mode is the operator's part in the verification of signatures (公的個人認証法 article 17).
type Mode string

// Modes.
const (
	ModePlatform Mode = "platform" // a certified verifier itself: signed files are kept as they were filed
	ModeSP       Mode = "sp"       // a service provider, whom a platform verifies for: no raw certificate is kept anywhere
	ModeDemo     Mode = "demo"     // a test hierarchy
)

// Verification is what the checks of a filing lean on beside the profile. Each may be left out.
type Verification struct {
	// Mode is PLATFORM where it is empty.
	Mode Mode
	// Status is whom certificates are asked of; without it a person decides (NO_STATUS_SOURCE).
	Status StatusSource
	// Stamper gives time stamps; without it evidence is kept unstamped until there is one.
	Stamper TimeStamper
	// StampRoots are those of the time-stamping authority: a token that they do not verify is not kept.
	StampRoots *x509.CertPool
	// Software is the program's version, for the record.
	Software string
}

// Equip gives the registrar whom to ask. It is called once, before any use; NewRegistrar alone asks nobody.
func (r *Registrar) Equip(v Verification) { r.verification = v.withDefaults() }

// DecideWith has the rules of titles accept and refuse by the registrar. It is called once, before any use; without
// it they use one that asks nobody.
func (t *Titles) DecideWith(r *Registrar) { t.registrar = r }

func (v Verification) withDefaults() Verification {
	if v.Mode == "" {
		v.Mode = ModePlatform
	}
	return v
}

// Reasons of a check of status that did not pass by itself.
const (
	ReasonNoStatusSource    = "NO_STATUS_SOURCE"
	ReasonStatusUnavailable = "STATUS_UNAVAILABLE"
)

// told is what a source said of a certificate.
type told struct {
	// asked tells whether there was a source to ask.
	asked bool
	at    time.Time
	// answer is nil where there was no source, or it could not tell.
	answer *jpki.StatusAnswer
}

// ask asks the source, if there is one. It never runs inside a transaction. An
// error means that whoever waits for the answer is gone.
func (r *Registrar) ask(ctx context.Context, q StatusQuestion) (told, error) {
	if r.verification.Status == nil {
		return told{}, nil
	}
	t := told{asked: true, at: q.At} // as of which the source judged
	answer, err := r.verification.Status.Status(ctx, q)
	if ctx.Err() != nil {
		return told{}, &Error{Code: CodeUnavailable, Cause: ctx.Err()}
	}
	if errors.Is(err, ErrNoStatusSource) {
		return told{}, nil
	}
	if err == nil {
		t.answer = &answer
	}
	return t, nil
}

// check is what stands in the filing's list of checks.
func (t told) check(kind CheckKind, at time.Time) Check {
	c := Check{Kind: kind, Result: CheckNotChecked, At: at}
	switch {
	case !t.asked:
		c.Reason = ReasonNoStatusSource
	case t.answer == nil:
		c.Reason = ReasonStatusUnavailable
	case t.answer.Standing == jpki.Good:
		c.Result, c.Reason = CheckPassed, t.answer.Source
	default:
		c.Result, c.Reason = CheckFailed, string(t.answer.Standing)
	}
	return c
}

// code is that of a certificate that does not stand, "" where it does or nobody
// could tell. The claimed time of signing only says which words help: a
// revocation after it refuses as well, since a claim is no proof.
func (t told) code(claimed *time.Time) Code {
	if t.answer == nil {
		return ""
	}
	switch t.answer.Standing {
	case jpki.Good:
		return ""
	case jpki.Revoked:
		if claimed != nil && t.answer.RevokedAt.After(*claimed) {
			return CodeCertificateRevokedAfter
		}
		return CodeCertificateRevoked
	case jpki.OnHold:
		return CodeCertificateOnHold
	case jpki.Unknown:
	}
	return CodeCertificateUnknown
}

// judge asks for the status of the certificate of a file without faults, and adds
// what stands against it. In mode sp a filing cannot wait: nothing is kept that
// could be asked about later.
func (r *Registrar) judge(ctx context.Context, e *examined, field string) error {
	if len(e.faults) > 0 {
		return nil
	}
	var err error
	e.judged = true
	if e.status, err = r.ask(ctx, e.question()); err != nil {
		return err
	}
	if code := e.status.code(e.signed.SigningTime); code != "" {
		e.faults.Add(code, field)
		return nil
	}
	if r.verification.Mode == ModeSP && (e.status.answer == nil || e.status.answer.VerificationID == "") {
		e.faults.Add(CodeStatusUnavailable, field)
	}
	return nil
}

// pendingStatus reports whether a check waits for a source that could not tell.
func pendingStatus(c Check) bool {
	return (c.Kind == CheckStatus || c.Kind == CheckDelegateStatus) && c.Result == CheckNotChecked && c.Reason == ReasonStatusUnavailable
}

// newest returns the newest check of each kind, in the order of the kinds'
// first.
func newest(checks []Check) []Check {
	at := map[CheckKind]int{}
	var last []Check
	for _, c := range checks {
		if i, seen := at[c.Kind]; seen {
			last[i] = c
			continue
		}
		at[c.Kind] = len(last)
		last = append(last, c)
	}
	return last
}

// statusPending reports whether the status of a certificate is still to be told:
// until then neither a person nor the machine accepts.
func statusPending(checks []Check) bool { return slices.ContainsFunc(newest(checks), pendingStatus) }

// forPerson reports whether a check is left that a person must settle, beside
// those that a source will.
func forPerson(checks []Check) bool {
	return slices.ContainsFunc(newest(checks), func(c Check) bool { return c.Result != CheckPassed && !pendingStatus(c) })
}
