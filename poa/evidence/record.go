// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"log/slog"
	"time"
)

// Version is the version of the records that are written.
const Version = 1

// Kind says what a record is about.
type Kind string

// The kinds of Record.
const (
	KindIntake   Kind = "INTAKE"   // a filing was checked and acknowledged
	KindStatus   Kind = "STATUS"   // the status of certificates was asked again
	KindDecision Kind = "DECISION" // a person decided on what the machine could not
	KindDelegate Kind = "DELEGATE" // a delegate handed in a certificate
)

// Mode says under which role of the operator a record was made (facts 2.4).
type Mode string

// The modes.
const (
	ModePlatform Mode = "platform" // a certified verifier, who may keep certificates
	ModeSP       Mode = "sp"       // one who relies on a platform and keeps no certificate
	ModeDemo     Mode = "demo"     // a test hierarchy
)

// Format names beside those of poa/document: a signature over the challenge that
// a delegate signs.
const FormatChallenge = "CHALLENGE"

// Record is one act of checking. Which parts are there depends on Kind and Mode:
// File, Drafted and Chain in platform and demo, SP in sp. Times are kept in UTC
// to the microsecond. It prints as "[evidence]".
type Record struct {
	Version      int       `json:"version"`
	Kind         Kind      `json:"kind"`
	DelegationID string    `json:"delegationId"`
	Mode         Mode      `json:"mode"`
	Instant      time.Time `json:"instant"` // as of which everything was judged
	// Previous is the SHA-256 (hex) of the delegation's record before this one,
	// empty in the first.
	Previous string `json:"previous,omitempty"`
	// Format names how the file was signed: that of the poa/document format, or
	// FormatChallenge.
	Format  string   `json:"format,omitempty"`
	File    []byte   `json:"file,omitempty"`    // the signed file as filed
	Drafted []byte   `json:"drafted,omitempty"` // what had to be signed
	Chain   [][]byte `json:"chain,omitempty"`   // DER: the signer's certificate, then its path to the root
	SP      *SP      `json:"sp,omitempty"`
	// Expected is whom the signer was compared with.
	Expected *Person   `json:"expected,omitempty"`
	Status   []Status  `json:"status,omitempty"`
	Checks   []Check   `json:"checks,omitempty"`
	Decision *Decision `json:"decision,omitempty"`
	// Rules is the version of the operating rules, KanjiTable that of the table of
	// variants (kanji.TableVersion), Software that of the program.
	Rules      string `json:"rules"`
	KanjiTable string `json:"kanjiTable,omitempty"`
	Software   string `json:"software,omitempty"`
	// Roots lists the SHA-256 (hex) of every root that was pinned, Root the one at
	// the end of the path.
	Roots    []string `json:"roots,omitempty"`
	Root     string   `json:"root,omitempty"`
	Policies []string `json:"policies,omitempty"` // object identifiers that were taken
	Policy   string   `json:"policy,omitempty"`   // the one of the signer's certificate
}

// SP is what is kept in mode sp, where no certificate may be kept.
type SP struct {
	Document         []byte `json:"document"`                   // the bytes that were drafted and signed
	SignedAttributes []byte `json:"signedAttributes,omitempty"` // DER of the SET OF; they hold the document's digest
	SignatureValue   []byte `json:"signatureValue"`
	SignedDigest     []byte `json:"signedDigest"` // the digest of the signed attributes, which the platform was told
	Hash             string `json:"hash"`         // SHA-256, SHA-384 or SHA-512
	// Content is what the signature covers where that is more than the document (a
	// PDF with the increment that signs it, without the signature).
	Content        []byte `json:"content,omitempty"`
	VerificationID string `json:"verificationId"`
	FileSHA256     string `json:"fileSha256"` // hex, of the signed file as filed
}

// Person is whom the signer was compared with, as the register has it.
type Person struct {
	Name      string `json:"name"`
	Address   string `json:"address,omitempty"`   // empty: not compared
	BirthDate string `json:"birthDate,omitempty"` // YYYY-MM-DD; empty: not compared
}

// Status is one answer about the signer's certificate (jpki.StatusAnswer).
type Status struct {
	Source         string    `json:"source"`   // CRL, OCSP or PLATFORM
	Standing       string    `json:"standing"` // GOOD, REVOKED, ON_HOLD or UNKNOWN
	AskedAt        time.Time `json:"askedAt"`
	RevokedAt      time.Time `json:"revokedAt,omitzero"`
	Reason         string    `json:"reason,omitempty"` // RFC 5280 name
	ProducedAt     time.Time `json:"producedAt,omitzero"`
	ThisUpdate     time.Time `json:"thisUpdate,omitzero"`
	NextUpdate     time.Time `json:"nextUpdate,omitzero"`
	VerificationID string    `json:"verificationId,omitempty"`
	// CertificateID is a platform's name of the certificate, by which it is asked again.
	CertificateID string `json:"certificateId,omitempty"`
	Nonce         []byte `json:"nonce,omitempty"` // of the OCSP request
	Raw           []byte `json:"raw,omitempty"`   // the answer as it came
}

// Check is the result of one check, in the codes of poa (poa.Check).
type Check struct {
	Kind    string    `json:"kind"`
	Result  string    `json:"result"` // PASSED, POSSIBLE, FAILED or NOT_CHECKED
	Reason  string    `json:"reason,omitempty"`
	Reasons []string  `json:"reasons,omitempty"` // codes with positions, of a comparison
	At      time.Time `json:"at"`
}

// Decision is what a person decided, and on what ground.
type Decision struct {
	Outcome string    `json:"outcome"` // ACCEPTED or REFUSED
	Ground  string    `json:"ground"`
	By      string    `json:"by"` // ID of the account
	At      time.Time `json:"at"`
}

// String hides the record from fmt.
func (Record) String() string { return "[evidence]" }

// GoString hides the record from fmt's %#v.
func (Record) GoString() string { return "[evidence]" }

// LogValue hides the record from slog.
func (Record) LogValue() slog.Value { return slog.StringValue("[evidence]") }
