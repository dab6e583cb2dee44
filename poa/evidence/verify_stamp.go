// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"

	"ininjo/poa/cms"
)

// clockSkew is how far an authority's clock may be behind ours.
const clockSkew = 5 * time.Minute

// lateStamp is how long after a record's instant its first stamp still confirms
// it. The service stamps at once and tries again for days; who makes a record up
// afterwards, with a list from before a revocation, cannot have an older stamp.
const lateStamp = 7 * 24 * time.Hour

// stamps verifies the record's time stamps in order: each covers the record and
// all before it, and was made while the one before still held.
func (v *verifier) stamps(r Record, stamped Stamped) {
	switch {
	case len(stamped.Tokens) == 0:
		v.find(StepTimeStamp, NotVerifiable, CodeNoTimeStamp)
		return
	case v.trust.TimeStampRoots == nil:
		v.find(StepTimeStamp, NotVerifiable, CodeNoTimeStampRoots, "stamps", count(len(stamped.Tokens)))
		return
	}
	var before *cms.TimeStamp
	for i := range stamped.Tokens {
		stamp, err := v.stamp(stamped, i)
		if err != nil {
			v.find(StepTimeStamp, Fail, CodeStampInvalid, "stamp", count(i+1), "kind", string(cms.KindOf(err)))
			return // what follows covers a token that proves nothing
		}
		values := []string{"stamp", count(i + 1), "time", instant(stamp.Time), "digest", stamp.Hash.String(), "policy", stamp.Policy, "notAfter", instant(stamp.NotAfter)}
		result, code := v.judgeStamp(r, before, stamp)
		v.find(StepTimeStamp, result, code, values...)
		if result == Fail {
			return
		}
		before = &stamp
	}
	switch {
	case v.at.After(before.NotAfter):
		v.find(StepTimeStamp, Fail, CodeStampEnded, "notAfter", instant(before.NotAfter))
	case v.trust.weak(before.Hash, v.at):
		v.find(StepTimeStamp, Fail, CodeStampWeak, "digest", before.Hash.String())
	}
}

// stamp verifies one token; which digest it is over it says itself, so each is
// tried.
func (v *verifier) stamp(stamped Stamped, i int) (stamp cms.TimeStamp, err error) {
	for _, hash := range digests {
		var refused error
		stamp, refused = cms.VerifyTimeStamp(stamped.Tokens[i], Imprint(hash, stamped.Record, stamped.Tokens[:i]), hash, v.trust.TimeStampRoots)
		if refused == nil {
			return stamp, nil
		}
		if err == nil || cms.KindOf(refused) != cms.TimeStampImprint {
			err = refused
		}
	}
	return stamp, err
}

// judgeStamp compares a stamp's time with what it covers.
func (v *verifier) judgeStamp(r Record, before *cms.TimeStamp, stamp cms.TimeStamp) (Result, string) {
	switch {
	case stamp.Time.After(v.at.Add(clockSkew)):
		return Fail, CodeStampFuture
	case before == nil && stamp.Time.Before(r.Instant.Add(-clockSkew)), before != nil && stamp.Time.Before(before.Time):
		return Fail, CodeStampBefore
	case before != nil && stamp.Time.After(before.NotAfter):
		return Fail, CodeRenewedLate
	case before != nil && v.trust.weak(before.Hash, stamp.Time):
		return Fail, CodeRenewedWeak
	case before == nil && stamp.Time.After(r.Instant.Add(lateStamp)), before == nil && v.signer != nil && stamp.Time.After(v.signer.NotAfter) && !r.Instant.After(v.signer.NotAfter):
		return NotVerifiable, CodeStampLate
	}
	return OK, CodeVerified
}
