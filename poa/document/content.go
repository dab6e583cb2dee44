// SPDX-License-Identifier: Apache-2.0

package document

import "time"

// The kinds of a Mandator.
const (
	// KindCorporation is a corporation, acting by its representative (法人).
	KindCorporation = "corporation"
	// KindSoleProprietor is a sole proprietor (個人事業主).
	KindSoleProprietor = "sole-proprietor"
)

// Content is what a delegation's file says (4.1.4, table 4-1). Dates are
// YYYY-MM-DD.
type Content struct {
	// DelegationID is the 電子委任状ID, written by the service.
	DelegationID string
	Mandator     Mandator
	Delegate     Delegate
	// Powers are the 代理権の内容; at least one.
	Powers []string
	// Limits are the 代理権の制限; none means unlimited within the powers.
	Limits []string
	// SubDelegation says whether the delegate may appoint another (復代理).
	SubDelegation bool
	// ValidFrom and ValidThrough are the inclusive days of the term.
	ValidFrom    string
	ValidThrough string
	Service      Service
	Status       Status
	// DraftedAt is when the service wrote the file, in microseconds of UTC.
	DraftedAt time.Time
}

// Mandator is the delegator (委任者) as the file names it. A corporation has
// CorporateNumber to RepresentativeName, a sole proprietor the rest.
type Mandator struct {
	Kind                string
	CorporateNumber     string
	Name                string
	HeadOffice          string
	RepresentativeTitle string
	RepresentativeName  string
	// BusinessName is the 屋号; a business may have none.
	BusinessName    string
	PersonName      string
	BusinessAddress string
	BirthDate       string
}

// Delegate is the person who may act (受任者).
type Delegate struct {
	Name string
	// Title is the office or title (役職・肩書), empty where there is none.
	Title string
	// Qualification is the code of a professional title (士業), or empty.
	Qualification string
	Address       string
	// IdentificationID is the 識別ID, as a staff number or a professional's
	// registration number; it may be empty.
	IdentificationID string
}

// Service is what the service says of itself, written by itself.
type Service struct {
	Name      string
	PolicyURL string
	// PolicyOID may be empty: a provider need not have an arc of its own.
	PolicyOID string
	// ValidityURL is where to ask whether the delegation is valid.
	ValidityURL string
}

// Status is the delegation's entry in the status lists, written by the service.
type Status struct {
	ListURI string
	Index   int
}
