// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"

	"ininjo/poa/jpki"
)

// askedBefore is how long before a record's instant its answer may have been
// asked for: the question goes out before the transaction that writes the record.
const askedBefore = time.Hour

// statusResult is the recorded result about the certificate that the record is
// of: an intake lists the checks of the delegate's as well.
func (r Record) statusResult() string {
	switch r.Kind {
	case KindIntake, KindDecision:
		return r.result(checkStatus)
	case KindDelegate:
		return r.result(checkDelegateStatus)
	case KindStatus:
	}
	return r.result(checkStatus, checkDelegateStatus)
}

// platformSays wants a platform's answer to be of the verification that the record
// names, and the record to tell of it what its own bytes say, where they are kept.
func (r Record) platformSays(s Status) bool {
	if r.SP != nil && r.SP.VerificationID != s.VerificationID {
		return false
	}
	if len(s.Raw) == 0 {
		return true
	}
	again, err := jpki.ReadPlatform(s.Raw, s.AskedAt)
	return err == nil && s.says(again) && again.VerificationID == s.VerificationID && (again.CertificateID == "" || again.CertificateID == s.CertificateID)
}

// noStatus judges a filed record without an answer: it must not say that one was good.
func (v *verifier) noStatus(r Record) {
	recorded := r.statusResult()
	if recorded == resultPassed {
		v.find(StepStatus, Fail, CodeRecordDiffers, "recorded", recorded)
		return
	}
	v.find(StepStatus, NotVerifiable, CodeNoStatus, "recorded", recorded)
}

// decision wants a decision to lean on no better a status than the records before
// it hold. All else rests on who decided.
func (v *verifier) decision(r Record) {
	result, code := NotVerifiable, CodeRestsOnPerson
	if r.statusResult() == resultPassed && v.statusResult != resultPassed || r.Decision.Outcome == outcomeAccepted && v.statusResult == resultFailed {
		result, code = Fail, CodeRecordDiffers
	}
	v.find(StepDecision, result, code, "outcome", r.Decision.Outcome, "by", r.Decision.By, "at", instant(r.Decision.At))
}

// status reads a source's answer again from its own bytes, as of the instant at
// which it was asked.
func (v *verifier) status(r Record, s Status) {
	values := []string{"source", s.Source, "standing", s.Standing, "askedAt", instant(s.AskedAt), "verificationId", s.VerificationID}
	if !s.RevokedAt.IsZero() {
		values = append(values, "revokedAt", instant(s.RevokedAt), "reason", s.Reason)
	}
	recorded := r.statusResult()
	good := s.answer().StandingAt(r.Instant) == jpki.Good
	switch {
	case s.AskedAt.Before(r.Instant.Add(-askedBefore)): // what was true once says nothing of the instant
		v.find(StepStatus, Fail, string(jpki.StatusStale), values...)
		return
	case s.Source == jpki.SourcePlatform && !r.platformSays(s):
		v.find(StepStatus, Fail, CodeRecordDiffers, values...)
		return
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
