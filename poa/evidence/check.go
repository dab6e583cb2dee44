// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"encoding/hex"
	"slices"
)

const (
	maxText   = 4096      // bytes of a text: a name, an address, an identifier
	maxGround = 128 << 10 // bytes of a ground: reception writes up to 20 reasons of 1,000 characters
	maxItems  = 200       // checks, roots, policies, status answers, certificates
)

// check wants the parts that the kind and the mode ask for.
func (r Record) check() error {
	switch {
	case !slices.Contains([]Kind{KindIntake, KindStatus, KindDecision, KindDelegate}, r.Kind):
		return fault(Invalid, "kind")
	case !slices.Contains([]Mode{ModePlatform, ModeSP, ModeDemo}, r.Mode):
		return fault(Invalid, "mode")
	case r.DelegationID == "":
		return fault(Invalid, "delegationId")
	case r.Instant.IsZero():
		return fault(Invalid, "instant")
	case r.Previous != "" && !isSHA256(r.Previous):
		return fault(Invalid, "previous")
	}
	if err := r.checkBounds(); err != nil {
		return err
	}
	return r.checkParts()
}

// checkParts holds a record to its kind; in mode sp none may hold a file or a
// certificate (facts 2.4).
func (r Record) checkParts() error {
	filed := r.Kind == KindIntake || r.Kind == KindDelegate
	switch {
	case r.Mode == ModeSP && (len(r.File) > 0 || len(r.Chain) > 0):
		return fault(Invalid, "file")
	case r.Mode == ModeSP && filed && (r.SP == nil || r.SP.VerificationID == ""):
		return fault(Invalid, "sp")
	case r.Mode != ModeSP && r.SP != nil:
		return fault(Invalid, "sp")
	case r.Mode != ModeSP && filed && (len(r.File) == 0 || len(r.Drafted) == 0 || len(r.Chain) == 0):
		return fault(Invalid, "file")
	case filed && r.Format == "":
		return fault(Invalid, "format")
	case (r.Kind == KindDecision) != (r.Decision != nil):
		return fault(Invalid, "decision")
	case r.Kind == KindStatus && len(r.Status) == 0:
		return fault(Invalid, "status")
	}
	return nil
}

func (r Record) checkBounds() error {
	for _, n := range []int{len(r.Chain), len(r.Status), len(r.Checks), len(r.Roots), len(r.Policies)} {
		if n > maxItems {
			return fault(TooLarge, "items")
		}
	}
	texts := slices.Concat([]string{r.DelegationID, r.Format, r.Rules, r.KanjiTable, r.Software, r.Root, r.Policy}, r.Roots, r.Policies)
	for _, c := range r.Checks {
		if len(c.Reasons) > maxItems {
			return fault(TooLarge, "reasons")
		}
		texts = append(append(texts, c.Kind, c.Result, c.Reason), c.Reasons...)
	}
	for _, s := range r.Status {
		texts = append(texts, s.Source, s.Standing, s.Reason, s.VerificationID, s.CertificateID, string(s.Nonce))
	}
	if p := r.Expected; p != nil {
		texts = append(texts, p.Name, p.Address, p.BirthDate)
	}
	if d := r.Decision; d != nil {
		if len(d.Ground) > maxGround {
			return fault(TooLarge, "ground")
		}
		texts = append(texts, d.Outcome, d.By)
	}
	if slices.ContainsFunc(texts, func(s string) bool { return len(s) > maxText }) {
		return fault(TooLarge, "text")
	}
	return nil
}

func isSHA256(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 32
}
