// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"time"

	"ininjo/poa/document"
)

// State is where the filing of a delegation stands (design.md, rule 1). What
// becomes of an accepted one is told by its facts, not by its state.
type State string

// States: drafted → abandoned or submitted; submitted → withdrawn, accepted or
// refused. The last four are final.
const (
	StateDrafted   State = "DRAFTED"
	StateSubmitted State = "SUBMITTED"
	StateAbandoned State = "ABANDONED"
	StateWithdrawn State = "WITHDRAWN"
	StateAccepted  State = "ACCEPTED"
	StateRefused   State = "REFUSED"
)

// CanBecome reports whether a filing may pass from s to next.
func (s State) CanBecome(next State) bool {
	switch s {
	case StateDrafted:
		return next == StateSubmitted || next == StateAbandoned
	case StateSubmitted:
		return next == StateWithdrawn || next == StateAccepted || next == StateRefused
	case StateAbandoned, StateWithdrawn, StateAccepted, StateRefused:
		return false
	}
	return false
}

// Qualification is one of the eight legal qualifications of 4.1.3.
type Qualification string

// The eight qualifications.
const (
	Attorney            Qualification = "ATTORNEY"
	JudicialScrivener   Qualification = "JUDICIAL_SCRIVENER"
	AdministrativeLegal Qualification = "CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST"
	LandHouse           Qualification = "LAND_AND_HOUSE_INVESTIGATOR"
	PatentAttorney      Qualification = "PATENT_ATTORNEY"
	TaxAccountant       Qualification = "CERTIFIED_PUBLIC_TAX_ACCOUNTANT"
	LaborSocialSecurity Qualification = "LABOR_AND_SOCIAL_SECURITY_ATTORNEY"
	CertifiedAccountant Qualification = "CERTIFIED_PUBLIC_ACCOUNTANT"
)

// Qualifications lists the eight in the order of the operating rules.
var Qualifications = []Qualification{Attorney, JudicialScrivener, AdministrativeLegal, LandHouse, PatentAttorney, TaxAccountant, LaborSocialSecurity, CertifiedAccountant}

// Mandator is the 委任者 as the delegation's file names it (table 4-1).
type Mandator struct {
	Kind                PartyKind `json:"kind"`
	CorporateNumber     string    `json:"corporateNumber,omitempty"`
	Name                string    `json:"name"` // registered name, or 屋号
	Address             string    `json:"address"`
	RepresentativeTitle string    `json:"representativeTitle,omitempty"`
	RepresentativeName  string    `json:"representativeName"` // or the person in business
	BirthDate           Date      `json:"birthDate,omitzero"`
}

// Delegate is the 受任者: the person who may act.
type Delegate struct {
	Name           string        `json:"name"`
	Title          string        `json:"title"`
	Qualification  Qualification `json:"qualification,omitempty"`
	Address        string        `json:"address"`
	Identification string        `json:"identification"`
	// Email is where the one-time link goes; it is not part of the file.
	Email string `json:"email"`
}

// Contents is what table 4-1 asks of a delegation. It is kept sealed.
type Contents struct {
	Mandator      Mandator `json:"mandator"`
	Delegate      Delegate `json:"delegate"`
	Powers        []string `json:"powers"`
	Limits        []string `json:"limits"`
	SubDelegation bool     `json:"subDelegation"`
}

// DocumentFormat names a format of poa/document, as it is stored with a
// delegation.
type DocumentFormat string

// DefaultFormat is that of a file whose drafter named none.
const DefaultFormat = FormatXML

// Formats that pages and business software choose between; document.Known lists
// all of them.
const (
	FormatXML DocumentFormat = "XML"
	FormatPDF DocumentFormat = "PDF"
)

// StatusListEntry is a delegation's place in the status lists (IETF Token
// Status List), written into its file.
type StatusListEntry struct {
	List  int
	Index int
}

// Delegation is one 電子委任状: one signed file, one ID, never edited.
type Delegation struct {
	ID          DelegationID
	DelegatorID string
	State       State
	Contents    Contents
	// Format names that of the file (document.Format).
	Format DocumentFormat
	// Mode is the one in which the filing was verified; "" before. In mode sp no
	// signed file is kept.
	Mode      Mode
	ValidFrom Date
	// ValidThrough is the last day of the term, inclusive.
	ValidThrough Date
	StatusList   StatusListEntry
	// Replaces is the ID that this delegation is to take the place of, or "".
	Replaces DelegationID
	// Version is that of the newest fact; 0 before acceptance.
	Version     int
	DraftedAt   time.Time
	DraftSHA256 [32]byte
	// Acknowledgement is nil until the delegation was submitted.
	Acknowledgement *Acknowledgement
	// FileSHA256 is that of the signed file exactly as filed.
	FileSHA256 [32]byte
	// DelegateCertificateSHA256 is that of the certificate that the delegate
	// handed in; zero before.
	DelegateCertificateSHA256 [32]byte
	DelegateCertifiedAt       time.Time
	// ClosedAt is when the filing ended without acceptance, else zero.
	ClosedAt time.Time
	// Erased tells that contents, file and people were erased (2.8 (10)).
	Erased bool
}

// Acknowledgement is the 受付通知 of a filing (4.1.5).
type Acknowledgement struct {
	Number      string
	SubmittedAt time.Time
	// FileSHA256 of the file that was acknowledged: the same bytes for the same
	// draft give this acknowledgement again.
	FileSHA256 [32]byte
	// VerifiedAt is when the signature was verified.
	VerifiedAt time.Time
}

// FileKind tells the files kept with a delegation.
type FileKind string

// Files kept with a delegation, sealed.
const (
	FileDraft       FileKind = "DRAFT"
	FileSigned      FileKind = "SIGNED"
	FileCertificate FileKind = "DELEGATE_CHALLENGE" // the delegate's signed challenge
)

// CheckResult is what a check of a filing found.
type CheckResult string

// Results of checks. Only PASSED needs nobody; POSSIBLE and NOT_CHECKED need a
// person of reception; FAILED refuses.
const (
	CheckPassed     CheckResult = "PASSED"
	CheckPossible   CheckResult = "POSSIBLE"
	CheckFailed     CheckResult = "FAILED"
	CheckNotChecked CheckResult = "NOT_CHECKED"
)

// CheckKind names a check of a filing.
type CheckKind string

// Checks of a filing, in their order.
const (
	CheckDocument          CheckKind = "DOCUMENT"
	CheckSignature         CheckKind = "SIGNATURE"
	CheckPath              CheckKind = "CERTIFICATE_PATH"
	CheckStatus            CheckKind = "CERTIFICATE_STATUS"
	CheckSignerCompany     CheckKind = "SIGNER_COMPANY" // of a certificate of the commercial registry
	CheckSignerName        CheckKind = "SIGNER_NAME"
	CheckSignerAddress     CheckKind = "SIGNER_ADDRESS"
	CheckSignerBirthDate   CheckKind = "SIGNER_BIRTH_DATE"
	CheckDelegatePath      CheckKind = "DELEGATE_CERTIFICATE_PATH"
	CheckDelegateStatus    CheckKind = "DELEGATE_CERTIFICATE_STATUS"
	CheckDelegateName      CheckKind = "DELEGATE_NAME"
	CheckQualificationKind CheckKind = "QUALIFICATION"
	CheckPerson            CheckKind = "PERSON" // what reception decided, with its ground
)

// Check is one check of a filing with its result; checks are kept (3.1.2).
type Check struct {
	Kind   CheckKind
	Result CheckResult
	// Reason is a code, never text of the parties.
	Reason string
	// Reasons lists more codes with positions, as poa/kanji gives them.
	Reasons []string
	// Note is the ground on which a person decided; sealed, empty for machines.
	Note string
	At   time.Time
}

// Refusal is one reason for which a filing was refused, or for which an
// application was.
type Refusal struct {
	Code  Code
	Field []string
	// Note is reception's own words to the party; sealed.
	Note string
	At   time.Time
}

// HandedIn is what is kept of the certificate that a delegate handed in
// (4.1.5): name, address and birth date, tied to the delegation, sealed.
type HandedIn struct {
	DelegationID      DelegationID
	CertificateSHA256 [32]byte
	Name              string
	Address           string
	BirthDate         string
	NameSubstitutes   string
	At                time.Time
}

// LinkPurpose is what a delegate's one-time link may be used for.
type LinkPurpose string

// Purposes of links.
const (
	LinkAnswer   LinkPurpose = "ANSWER"   // hand in the certificate, or decline
	LinkRenounce LinkPurpose = "RENOUNCE" // renounce an accepted delegation
	LinkConfirm  LinkPurpose = "CONFIRM_ADDRESS"
	LinkPassword LinkPurpose = "SET_PASSWORD"
)

// Link is a one-time link as it is kept: only the hash of its token.
type Link struct {
	ID           string
	Hash         [32]byte
	Purpose      LinkPurpose
	DelegationID DelegationID
	// SubjectID is the mail address or account that the link confirms.
	SubjectID string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
}

// Challenge is what a delegate signs to hand in a certificate: signing it
// shows that the certificate is in the delegate's own hands.
type Challenge struct {
	ID           string
	DelegationID DelegationID
	// Text is the exact bytes to sign.
	Text      []byte
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
}

// MediaType is the type that a file of the format is served under before it is
// signed.
func (f DocumentFormat) MediaType() string {
	if format, known := document.Known().ByName(string(f)); known {
		return format.MediaType()
	}
	return "application/octet-stream"
}

// Extension is the end of such a file's name, with its dot.
func (f DocumentFormat) Extension() string {
	if format, known := document.Known().ByName(string(f)); known {
		return format.Extension()
	}
	return ""
}
