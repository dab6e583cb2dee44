// SPDX-License-Identifier: Apache-2.0

package evidence

import "time"

// Result is the outcome of one step of Verify.
type Result string

// The results.
const (
	OK   Result = "OK"
	Fail Result = "FAIL"
	// NotVerifiable says that the record does not hold what the step would need, or
	// that what it says rests on somebody else's word.
	NotVerifiable Result = "NOT_VERIFIABLE"
)

// Finding is what one step found. Code says more than Result does; Values holds
// no personal data.
type Finding struct {
	Record int               `json:"record"` // from 1; 0: the bundle as a whole
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
	Result       Result    `json:"result"`
	Findings     []Finding `json:"findings"`
}

// Passed reports whether nothing failed. What was not verifiable is in Findings.
func (r Report) Passed() bool { return r.Result != Fail }
