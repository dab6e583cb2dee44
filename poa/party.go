// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// PartyKind tells a corporation or other body from a natural person in business.
type PartyKind string

// Kinds of parties.
const (
	Corporation    PartyKind = "CORPORATION"
	SoleProprietor PartyKind = "SOLE_PROPRIETOR"
)

// PartyRole tells the two parties that register with the service.
type PartyRole string

// Roles of parties.
const (
	PartyDelegator PartyRole = "DELEGATOR"
	PartyRecipient PartyRole = "RECIPIENT"
)

// EnrollmentState is where an application and the contract after it stand.
type EnrollmentState string

// States of an enrollment: applied → active, refused or withdrawn; active →
// ended. Who was refused or withdrew may apply again.
const (
	EnrollmentApplied   EnrollmentState = "APPLIED"
	EnrollmentActive    EnrollmentState = "ACTIVE"
	EnrollmentRefused   EnrollmentState = "REFUSED"
	EnrollmentWithdrawn EnrollmentState = "WITHDRAWN"
	EnrollmentEnded     EnrollmentState = "ENDED"
)

// Representative is the 代表者 of an organisation: for a corporation whoever
// the commercial register names, for a sole proprietor the person in business.
// All of it is personal data and is kept sealed.
type Representative struct {
	Title string `json:"title"`
	Name  string `json:"name"`
	// Address is the home address.
	Address   string `json:"address"`
	Telephone string `json:"telephone,omitempty"`
	// BirthDate is asked of sole proprietors only.
	BirthDate Date `json:"birthDate,omitzero"`
}

// Profile is what an applicant states of itself (operating rules 3.1.1, 5.2).
// It is kept sealed as a whole.
type Profile struct {
	// CorporateNumber is the 法人番号, 13 digits; empty for sole proprietors.
	CorporateNumber string `json:"corporateNumber,omitempty"`
	// Name is the organisation's registered name, or the 屋号.
	Name string `json:"name"`
	// Address is the registered head office, or the place of business.
	Address        string         `json:"address"`
	Representative Representative `json:"representative"`
	// Filer is who files the application of a recipient (申告者氏名).
	Filer string `json:"filer,omitempty"`
	// Email is where sign-in and notices go.
	Email string `json:"email"`
}

// Party is what delegators and recipients have in common.
type Party struct {
	ID    string
	Role  PartyRole
	Kind  PartyKind
	State EnrollmentState
	// Number is the 受付番号 of the application.
	Number    string
	Profile   Profile
	Language  string
	TermsID   string
	AppliedAt time.Time
	// DecidedAt is the instant at which reception decided; zero before.
	DecidedAt time.Time
	// NameShown tells whether delegators may see a recipient's name.
	NameShown bool
	// Erased tells that the profile was erased (2.8 (10)).
	Erased bool
	// Version counts how often the party stated itself, from 1.
	Version int
	// ProvedAt is when the e-mail address was proved; zero before.
	ProvedAt time.Time
	// EnteredBy is the account of staff who entered the application for a party
	// that came otherwise than through the portal, CameBy how it came.
	EnteredBy string
	CameBy    CameBy
}

// Delegator is a business under contract (委任者, 利用者), or an applicant for it.
type Delegator struct {
	Party
	// Confirmation is the newest confirmation of organisation and
	// representative; nil before there is one.
	Confirmation *Confirmation
}

// Recipient is a 受領者等: whoever asks whether a delegation is valid.
type Recipient struct{ Party }

// RegisterDocument is what an organisation was confirmed against (3.1.3).
type RegisterDocument string

// Kinds of register documents. An identity document serves sole proprietors,
// whom no register names.
const (
	RegisterCertificate RegisterDocument = "REGISTER_CERTIFICATE" // 登記事項証明書
	RegisterInformation RegisterDocument = "REGISTER_INFORMATION" // 登記情報
	IdentityDocument    RegisterDocument = "IDENTITY_DOCUMENT"    // 本人確認書類 (ours)
)

// Confirmation records that reception compared an applicant's organisation and
// representative with a document: which, of which date, and what it says.
type Confirmation struct {
	ID           string
	PartyID      string
	Document     RegisterDocument
	DocumentDate Date
	// Says is what the document says; it is kept sealed.
	Says        RegisterEntry
	ConfirmedBy string
	ConfirmedAt time.Time
}

// RegisterEntry is what a register document says of an organisation.
type RegisterEntry struct {
	CorporateNumber       string `json:"corporateNumber,omitempty"`
	Name                  string `json:"name"`
	Address               string `json:"address"`
	RepresentativeTitle   string `json:"representativeTitle"`
	RepresentativeName    string `json:"representativeName"`
	RepresentativeAddress string `json:"representativeAddress"`
	BirthDate             Date   `json:"birthDate,omitzero"`
}

// DocumentKind is a kind of published document (operating rules 1.1.2, 2.5).
type DocumentKind string

// Kinds of published documents.
const (
	TermsOfUse     DocumentKind = "TERMS"           // 利用約款
	OperatingRules DocumentKind = "OPERATING_RULES" // 運用規程
	PriceList      DocumentKind = "PRICE_LIST"      // 料金表
	Announcement   DocumentKind = "ANNOUNCEMENT"    // 告知情報
)

// Published is one version of a document of the repository (リポジトリー).
type Published struct {
	ID      string
	Kind    DocumentKind
	Version string
	Title   string
	// Body is plain text, shown as paragraphs.
	Body          string
	SHA256        [32]byte
	EffectiveFrom Date
	PublishedAt   time.Time
}

// Account is a way to sign in with an e-mail address and a password.
type Account struct {
	ID string
	// PartyID is empty for staff.
	PartyID      string
	Kind         ActorKind
	Roles        []Role
	Name         string // sealed
	Email        string // sealed
	PasswordHash string
	// TOTPSecret is the second factor's secret, base 32; sealed, empty where
	// there is none. TOTPPending is one that no code has confirmed yet.
	TOTPSecret  string
	TOTPPending string
	// TOTPSince is when the secret came into use; zero where there is none.
	TOTPSince time.Time
	// Member is what the account may do for its party; empty for staff.
	Member     MemberRole
	Language   string
	CreatedAt  time.Time
	DisabledAt time.Time
	// PasswordChangedAt is when the password was set last, zero before.
	PasswordChangedAt time.Time
}

// TokenScope is what an API token may do.
type TokenScope string

// Scopes of tokens.
const (
	ScopeAll      TokenScope = "ALL"
	ScopeValidity TokenScope = "VALIDITY"
	ScopeRead     TokenScope = "READ"
)

// Token is an API token as it is kept: its text is shown once and only its
// SHA-256 is stored.
type Token struct {
	ID        string
	AccountID string
	PartyID   string
	Kind      ActorKind
	Name      string
	Hash      [32]byte
	Scope     TokenScope
	CreatedAt time.Time
	ExpiresAt time.Time
	// RevokedAt is zero while the token holds.
	RevokedAt  time.Time
	LastUsedAt time.Time
	// ReplacedBy is the token that took its place; it goes on until ExpiresAt.
	ReplacedBy string
}
