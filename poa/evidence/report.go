// SPDX-License-Identifier: Apache-2.0

package evidence

import "time"

// Result is the outcome of one step of Verify.
type Result string

// The results.
const (
	// OK says that the step was done again and came out as recorded.
	OK Result = "OK"
	// Fail says that something is wrong.
	Fail Result = "FAIL"
	// NotVerifiable says that the record does not hold what the step would need, or
	// that what it says rests on somebody else's word.
	NotVerifiable Result = "NOT_VERIFIABLE"
)

// Step names what a finding is about.
type Step string

// The steps, in the order in which a record is gone through.
const (
	StepRecord     Step = "RECORD"      // it can be read
	StepChain      Step = "CHAIN"       // it follows the one before it
	StepDocument   Step = "DOCUMENT"    // what was signed is of this delegation
	StepSignature  Step = "SIGNATURE"   // the signature over it
	StepPath       Step = "CERTIFICATE" // path, period, policy and key usage, as of the instant
	StepStatus     Step = "STATUS"      // whether the certificate was revoked
	StepComparison Step = "COMPARISON"  // the signer and whom the register names
	StepDecision   Step = "DECISION"    // a person's decision
	StepTimeStamp  Step = "TIME_STAMP"  // when the record was there
)

// Steps lists every Step.
func Steps() []Step {
	return []Step{StepRecord, StepChain, StepDocument, StepSignature, StepPath, StepStatus, StepComparison, StepDecision, StepTimeStamp}
}

// Codes of findings that are no Kind of poa/cms, poa/jpki or poa/document.
const (
	CodeVerified = "VERIFIED" // OK

	CodeUnreadable       = "UNREADABLE"          // not a record that Encode wrote
	CodeBeginningMissing = "BEGINNING_MISSING"   // the first record names one before it
	CodeBroken           = "CHAIN_BROKEN"        // the record before is not the one that this one names
	CodeOtherDelegation  = "OTHER_DELEGATION"    // of another delegation
	CodeDocumentUnknown  = "DOCUMENT_UNREADABLE" // what was signed cannot be read
	CodeFormatUnknown    = "FORMAT_UNKNOWN"      // a format that this program does not know
	CodeOtherCertificate = "OTHER_CERTIFICATE"   // the recorded certificates are not those of the signature
	CodeOtherRoot        = "OTHER_ROOT"          // the path ends at another root than recorded
	CodeNoRoots          = "NO_ROOTS"            // no pinned roots were given
	CodeNotChecked       = "NOT_CHECKED"         // it was not checked then either
	CodeNoStatus         = "NO_STATUS"           // no source was asked
	CodeRestsOnPlatform  = "RESTS_ON_PLATFORM"   // a platform said so, under the verification ID
	CodeRestsOnPerson    = "RESTS_ON_PERSON"     // a person decided
	CodeNoCertificate    = "CERTIFICATE_NOT_KEPT"
	CodeStatusRevoked    = "NOT_GOOD"            // the source said that it was not good
	CodeRecordDiffers    = "RECORD_DIFFERS"      // done again it comes out otherwise than recorded
	CodeDocumentNotBound = "DIGEST_NOT_BOUND"    // nothing kept ties the signed digest to the document
	CodeNoTimeStamp      = "NO_TIME_STAMP"       // none was made
	CodeNoTimeStampRoots = "NO_TIME_STAMP_ROOTS" // no roots of authorities were given
	CodeStampInvalid     = "TIME_STAMP_INVALID"  // not over these bytes, or of no known authority
	CodeStampBefore      = "STAMPED_BEFORE"      // earlier than what it covers
	CodeStampLate        = "STAMPED_LATE"        // long after the instant, or after the signer's certificate had ended
	CodeStampFuture      = "STAMPED_IN_FUTURE"   // later than now
	CodeRenewedLate      = "RENEWED_LATE"        // after the certificate of the one before had ended
	CodeRenewedWeak      = "RENEWED_AFTER_WEAK"  // after the digest of the one before had become weak
	CodeStampEnded       = "TIME_STAMP_ENDED"    // its certificate has ended and it was not renewed
	CodeStampWeak        = "TIME_STAMP_WEAK"     // its digest is weak and it was not renewed
)

// Codes lists every code above.
func Codes() []string {
	return []string{CodeVerified, CodeUnreadable, CodeBeginningMissing, CodeBroken, CodeOtherDelegation, CodeDocumentUnknown, CodeFormatUnknown,
		CodeOtherCertificate, CodeOtherRoot, CodeNoRoots, CodeNotChecked, CodeNoStatus, CodeRestsOnPlatform, CodeRestsOnPerson, CodeNoCertificate,
		CodeStatusRevoked, CodeRecordDiffers, CodeDocumentNotBound, CodeNoTimeStamp, CodeNoTimeStampRoots, CodeStampInvalid, CodeStampBefore, CodeStampLate,
		CodeStampFuture, CodeRenewedLate, CodeRenewedWeak, CodeStampEnded, CodeStampWeak}
}

// Finding is what one step found. Code is one of Codes, or the Kind by which
// poa/cms, poa/jpki or poa/document refuse. Values holds no personal data.
type Finding struct {
	Record int               `json:"record"` // from 1
	Step   Step              `json:"step"`
	Result Result            `json:"result"`
	Code   string            `json:"code"`
	Values map[string]string `json:"values,omitempty"`
}

// Report is what Verify found, in the order in which it looked.
type Report struct {
	DelegationID string    `json:"delegationId"`
	At           time.Time `json:"at"` // the instant of the verification
	Records      int       `json:"records"`
	// Result is FAIL where anything failed, else NOT_VERIFIABLE where anything was
	// that, else OK.
	Result   Result    `json:"result"`
	Findings []Finding `json:"findings"`
}

// Passed reports whether nothing failed. What was not verifiable is in Findings.
func (r Report) Passed() bool { return r.Result != Fail }

func (r *Report) conclude() {
	r.Result = OK
	for _, f := range r.Findings {
		if f.Result == Fail {
			r.Result = Fail
			return
		}
		if f.Result == NotVerifiable {
			r.Result = NotVerifiable
		}
	}
}
