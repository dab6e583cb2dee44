// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"slices"
	"time"
)

// Ground is the clause of the operating rules that a period comes from.
type Ground string

// Grounds. What no clause says is ours and says so.
const (
	GroundAudits     Ground = "2.6.7"
	GroundErasure    Ground = "2.8 (10)"
	GroundAuditLog   Ground = "6.2.3"
	GroundRecords    Ground = "6.2.9"
	GroundOperations Ground = "8.1"
	GroundOurs       Ground = "ours"
)

// PeriodStart tells from when a period counts.
type PeriodStart string

// Starts of periods.
const (
	FromContractEnd PeriodStart = "CONTRACT_END" // of a delegator's contract
	FromReceipt     PeriodStart = "RECEIPT"      // of an application; a registration in force is kept
	FromEndOfForce  PeriodStart = "END_OF_FORCE" // of rules, terms, keys, appointments
	FromCompletion  PeriodStart = "COMPLETION"   // of a case, a check, a review
	FromMove        PeriodStart = "MOVE"         // of a month of the audit log into its archive
	FromTermEnd     PeriodStart = "TERM_END"     // of a delegation, or its final act if that was before
	FromEntry       PeriodStart = "ENTRY"        // of the row
	FromExpiry      PeriodStart = "EXPIRY"       // of a session, link, key or token
)

// PeriodEnd tells what happens when a period is over.
type PeriodEnd string

// Ends of periods.
const (
	// EndErase destroys the subject's data key and deletes the rows that may go,
	// once two people released it.
	EndErase PeriodEnd = "ERASE"
	// EndDelete deletes the rows, every day and by itself.
	EndDelete PeriodEnd = "DELETE"
	// EndArchive moves a month into an archive and then out of the database.
	EndArchive PeriodEnd = "ARCHIVE"
	// EndKeep keeps the rows, which hold no personal data, as long as the
	// service is there: proofs rest on them.
	EndKeep PeriodEnd = "KEEP"
	// EndOutside is for records that the program does not hold: the operator's.
	EndOutside PeriodEnd = "OUTSIDE"
)

// Period is a length of time of the calendar.
type Period struct{ Years, Months, Days int }

// after returns the instant a period after start, by Japan's calendar.
func (p Period) after(start time.Time) time.Time {
	return start.In(JST).AddDate(p.Years, p.Months, p.Days).UTC()
}

// before is the instant whose period ends at t.
func (p Period) before(t time.Time) time.Time {
	return t.In(JST).AddDate(-p.Years, -p.Months, -p.Days).UTC()
}

// RecordKind names a kind of record in the table of rules.
type RecordKind string

// Kinds whose end is decided subject by subject.
const (
	RecordContract       RecordKind = "CONTRACT"
	RecordApplication    RecordKind = "APPLICATION"
	RecordUnproved       RecordKind = "UNPROVED_APPLICATION"
	RecordRecipient      RecordKind = "RECIPIENT"
	RecordDelegation     RecordKind = "DELEGATION"
	RecordRefusedFiling  RecordKind = "REFUSED_FILING"
	RecordUnfiled        RecordKind = "UNFILED_DELEGATION"
	RecordStaff          RecordKind = "STAFF"
	RecordAuditArchive   RecordKind = "AUDIT_ARCHIVE"
	RecordAuditLog       RecordKind = "AUDIT_LOG"
	RecordProof          RecordKind = "PROOF"
	RecordPublished      RecordKind = "PUBLISHED"
	RecordSigningKey     RecordKind = "SIGNING_KEY"
	RecordErasure        RecordKind = "ERASURE"
	RecordProgram        RecordKind = "PROGRAM"
	RecordCase           RecordKind = "CASE"
	RecordContact        RecordKind = "CONTACT"
	RecordReview         RecordKind = "REVIEW"
	RecordSession        RecordKind = "SESSION"
	RecordSignIn         RecordKind = "SIGN_IN"
	RecordIdempotency    RecordKind = "IDEMPOTENCY"
	RecordLink           RecordKind = "LINK"
	RecordMail           RecordKind = "MAIL"
	RecordLetter         RecordKind = "LETTER"
	RecordDelivery       RecordKind = "DELIVERY"
	RecordNotice         RecordKind = "NOTICE"
	RecordWatch          RecordKind = "WATCH"
	RecordEndpoint       RecordKind = "ENDPOINT"
	RecordCounter        RecordKind = "COUNTER"
	RecordUnauthorised   RecordKind = "UNAUTHORISED_ACCESS"
	RecordOperationLog   RecordKind = "OPERATION_LOG"
	RecordEntryDevice    RecordKind = "ENTRY_DEVICE"
	RecordEntryRegister  RecordKind = "ENTRY_REGISTER"
	RecordPaper          RecordKind = "PAPER"
	RecordBackup         RecordKind = "BACKUP"
	RecordKeyStoreBackup RecordKind = "KEY_STORE_BACKUP"
)

// RetentionRule says how long a kind of record is kept and what then becomes of
// it.
type RetentionRule struct {
	Kind   RecordKind
	Ground Ground
	Start  PeriodStart
	Period Period
	End    PeriodEnd
}

const years10 = 10

// retentionRules is the one table of periods (6.2.3, 6.2.9, 2.6.7, 8.1, 2.8
// (10)). It is printed as documentation in docs/retention.md and on the page
// for staff.
var retentionRules = []RetentionRule{
	{RecordContract, GroundRecords, FromContractEnd, Period{Years: years10}, EndErase},
	{RecordApplication, GroundRecords, FromReceipt, Period{Years: years10}, EndErase},
	{RecordUnproved, GroundOurs, FromCompletion, Period{Days: 30}, EndErase}, // nobody said that it is theirs: received from nobody (6.2.9)
	{RecordRecipient, GroundRecords, FromReceipt, Period{Years: years10}, EndErase},
	{RecordDelegation, GroundRecords, FromTermEnd, Period{Years: years10}, EndErase},
	{RecordRefusedFiling, GroundRecords, FromReceipt, Period{Years: years10}, EndErase},
	{RecordUnfiled, GroundOurs, FromCompletion, Period{Days: 30}, EndErase},
	{RecordStaff, GroundRecords, FromEndOfForce, Period{Years: years10}, EndErase},
	{RecordAuditLog, GroundAuditLog, FromEntry, Period{Months: 13}, EndArchive},
	{RecordAuditArchive, GroundAuditLog, FromMove, Period{Years: years10}, EndErase},
	{RecordUnauthorised, GroundAuditLog, FromEntry, Period{Years: 3}, EndArchive},
	{RecordCase, GroundRecords, FromCompletion, Period{Years: 3}, EndDelete},
	{RecordContact, GroundOurs, FromEntry, Period{Years: 3}, EndDelete},
	{RecordReview, GroundAudits, FromCompletion, Period{Years: years10}, EndDelete},
	{RecordSession, GroundOurs, FromExpiry, Period{}, EndDelete},
	{RecordSignIn, GroundOurs, FromEntry, Period{Days: 30}, EndDelete},
	{RecordIdempotency, GroundOurs, FromExpiry, Period{}, EndDelete},
	{RecordLink, GroundOurs, FromExpiry, Period{Days: 30}, EndDelete},
	{RecordMail, GroundOurs, FromEntry, Period{Days: 90}, EndDelete},
	{RecordLetter, GroundOurs, FromCompletion, Period{Years: 3}, EndDelete},
	{RecordDelivery, GroundOurs, FromEntry, Period{Days: 90}, EndDelete},
	{RecordNotice, GroundOurs, FromEntry, Period{Months: 13}, EndDelete},
	{RecordWatch, GroundOurs, FromCompletion, Period{Months: 12}, EndDelete},
	{RecordEndpoint, GroundOurs, FromCompletion, Period{Months: 12}, EndDelete},
	{RecordCounter, GroundOurs, FromEntry, Period{Months: 13}, EndDelete},
	{RecordPublished, GroundRecords, FromEndOfForce, Period{Years: years10}, EndKeep},
	{RecordSigningKey, GroundOurs, FromEndOfForce, Period{Years: years10}, EndKeep},
	{RecordProof, GroundOurs, FromEntry, Period{}, EndKeep},
	{RecordErasure, GroundErasure, FromEntry, Period{}, EndKeep},
	{RecordProgram, GroundOurs, FromEntry, Period{}, EndKeep},
	{RecordOperationLog, GroundOperations, FromEntry, Period{Years: 3}, EndOutside},
	{RecordEntryRegister, GroundAuditLog, FromEntry, Period{Years: 3}, EndOutside},
	{RecordEntryDevice, GroundRecords, FromEntry, Period{Months: 6}, EndOutside},
	{RecordPaper, GroundAudits, FromCompletion, Period{Years: years10}, EndOutside},
	{RecordBackup, GroundOurs, FromEntry, Period{Months: 12}, EndOutside},
	{RecordKeyStoreBackup, GroundOurs, FromEntry, Period{Days: 35}, EndOutside},
}

// RetentionRules returns the table of periods.
func RetentionRules() []RetentionRule { return slices.Clone(retentionRules) }

// ruleOf returns the rule of a kind.
func ruleOf(kind RecordKind) RetentionRule {
	at := slices.IndexFunc(retentionRules, func(r RetentionRule) bool { return r.Kind == kind })
	if at < 0 {
		return RetentionRule{Kind: kind, Ground: GroundOurs, End: EndKeep}
	}
	return retentionRules[at]
}

// OnlineMinimum is how long a month of the audit log stays in the database at
// least (6.2.3: six weeks).
const OnlineMinimum = 6 * 7 * 24 * time.Hour
