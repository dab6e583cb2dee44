// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"

	"ininjo/poa/jpki"
)

// status reads a source's answer again from its own bytes, as of the instant at
// which it was asked.
func (v *verifier) status(r Record, s Status) {
	values := []string{"source", s.Source, "standing", s.Standing, "askedAt", instant(s.AskedAt), "verificationId", s.VerificationID}
	if !s.RevokedAt.IsZero() {
		values = append(values, "revokedAt", instant(s.RevokedAt), "reason", s.Reason)
	}
	recorded := r.result(checkStatus, checkDelegateStatus)
	good := s.answer().StandingAt(r.Instant) == jpki.Good
	switch {
	case recorded == resultPassed && !good:
		v.find(StepStatus, Fail, CodeRecordDiffers, values...)
		return
	case s.Source == jpki.SourcePlatform:
		v.find(StepStatus, NotVerifiable, CodeRestsOnPlatform, values...)
		return
	case v.signer == nil:
		v.find(StepStatus, NotVerifiable, CodeNoCertificate, values...)
		return
	}
	again, err := v.askAgain(s)
	switch {
	case err != nil:
		v.find(StepStatus, Fail, kindsOf(err), values...)
	case !s.says(again):
		v.find(StepStatus, Fail, CodeRecordDiffers, values...)
	case !good:
		v.find(StepStatus, NotVerifiable, CodeStatusRevoked, values...)
	default:
		v.find(StepStatus, OK, CodeVerified, values...)
	}
}

func (v *verifier) askAgain(s Status) (jpki.StatusAnswer, error) {
	if s.Source == jpki.SourceOCSP {
		return jpki.CheckOCSP(s.Raw, v.signer, v.issuer, s.Nonce, s.AskedAt)
	}
	return jpki.CheckCRL(s.Raw, v.signer, v.issuer, s.AskedAt)
}

// answer is the recorded answer as jpki has it.
func (s Status) answer() jpki.StatusAnswer {
	return jpki.StatusAnswer{Standing: jpki.Standing(s.Standing), RevokedAt: s.RevokedAt, Reason: s.Reason}
}

// says reports whether the record tells of the answer as it is.
func (s Status) says(a jpki.StatusAnswer) bool {
	same := func(x, y time.Time) bool { return micros(x).Equal(micros(y)) }
	return s.Standing == string(a.Standing) && s.Reason == a.Reason && s.Source == a.Source && same(s.RevokedAt, a.RevokedAt) &&
		same(s.ProducedAt, a.ProducedAt) && same(s.ThisUpdate, a.ThisUpdate) && same(s.NextUpdate, a.NextUpdate)
}
