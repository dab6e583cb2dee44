// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"time"
)

// Policy is what the provider sets: names and addresses that are written into
// delegations (operating rules 1.2, 4.1.4) and the bounds of time.
type Policy struct {
	ServiceName string
	// PublicURL is the portal's address without a slash at its end.
	PublicURL string
	PolicyURL string
	PolicyOID string
	// ContactPoint is who answers questions (1.3), one line: it stands in the
	// repository and in every message, with the hours at which it does.
	ContactPoint string
	ContactHours string
	// Issuer stands in receipts.
	Issuer string
	// Version of the program stands in the user agent of webhooks.
	Version string
	// LinkTTL bounds one-time links, ChallengeTTL a delegate's challenge,
	// DraftTTL a draft that nobody files, ProofTTL an application whose e-mail
	// address nobody proves.
	LinkTTL      time.Duration
	ChallengeTTL time.Duration
	DraftTTL     time.Duration
	ProofTTL     time.Duration
	// ExpiringAhead is how long before its end a term is announced as expiring.
	ExpiringAhead time.Duration
	// Heartbeat is how often endpoints are sent a signed heartbeat; 0 switches them
	// off.
	Heartbeat time.Duration
	// ClaimTTL is how long a claimed case stays in one person's hand; ReviewEvery
	// how many days after the last reviewed one the next review of the audit log
	// and of the authentication log is overdue (6.2.2).
	ClaimTTL    time.Duration
	ReviewEvery int
	// EndpointFailing is after how long of failures an endpoint is switched off.
	EndpointFailing time.Duration
	// MaxTermYears bounds a term.
	MaxTermYears int
	// TitleRecheck is after how long a title is asked for again, TitleGrace how
	// long after that it still counts as confirmed, TitleOutage how long a
	// connector may be silent before a person looks.
	TitleRecheck time.Duration
	TitleGrace   time.Duration
	TitleOutage  time.Duration
	// StatusOutage is how long the source of a certificate's status may be silent
	// before a person is told.
	StatusOutage time.Duration
	// StampAhead is how long before its certificate ends a time stamp is renewed,
	// at the latest; StampHash is the digest of new stamps; WeakFrom says from when
	// on a digest no longer protects.
	StampAhead time.Duration
	StampHash  crypto.Hash
	WeakFrom   map[crypto.Hash]time.Time
	// Live is written into tokens: "live", or "test" in the demo.
	Live string
	// StaffTokens lets staff have API tokens; in the demo only.
	StaffTokens bool
	// RepeatCodes lets a code of the second factor be used again within its
	// time; in the demo only, where several scripts sign in at one moment.
	RepeatCodes bool
	// BounceAddress is where servers report that mail did not arrive; what names
	// the message is put behind its local part. "" for the sender of mail.
	BounceAddress string
	// RecipientRegistration tells what recipients need before they ask (5.2);
	// empty means [RegistrationApproval].
	RecipientRegistration RegistrationMode
	// StatusListsFor tells who reads the status lists; empty means
	// [StatusListsRegistered].
	StatusListsFor StatusListMode
}

// DefaultPolicy returns the defaults for a service at publicURL.
func DefaultPolicy(publicURL string) Policy {
	return Policy{ServiceName: "Ininjo 電子委任状サービス", PublicURL: publicURL, PolicyURL: publicURL + "/repository", Issuer: publicURL,
		ContactPoint: "Ininjo 電子委任状サービス窓口 " + publicURL, ContactHours: "営業日 9:00–12:00、13:00–17:00",
		LinkTTL: 7 * 24 * time.Hour, ChallengeTTL: 30 * time.Minute, DraftTTL: 30 * 24 * time.Hour, ProofTTL: 30 * 24 * time.Hour, ExpiringAhead: 30 * 24 * time.Hour, MaxTermYears: 10, Live: "live",
		Heartbeat: time.Hour, ClaimTTL: 8 * time.Hour, ReviewEvery: 31,
		TitleRecheck: 90 * 24 * time.Hour, TitleGrace: 14 * 24 * time.Hour, TitleOutage: 4 * time.Hour,
		StatusOutage: 4 * time.Hour, EndpointFailing: 5 * 24 * time.Hour, StampAhead: 180 * 24 * time.Hour, StampHash: crypto.SHA256}
}

// ValidityURL is where recipients ask (有効性確認の問合せ先).
func (p Policy) ValidityURL() string { return p.PublicURL + "/graphql" }

// LinkURL is where a one-time link leads. The page works without script, so
// the token is in the path: the server logs routes, never paths.
func (p Policy) LinkURL(token string) string { return p.PublicURL + "/l/" + token }

// StatusListURI is the address of a status list.
func (p Policy) StatusListURI(list int) string {
	return fmt.Sprintf("%s/status-lists/%d", p.PublicURL, list)
}

// StatusListsURL is where the addresses of all lists are.
func (p Policy) StatusListsURL() string { return p.PublicURL + "/status-lists" }

// StatusLists is who reads the status lists.
func (p Policy) StatusLists() StatusListMode { return cmp.Or(p.StatusListsFor, StatusListsRegistered) }

// LinkPrefix begins the tokens of one-time links.
const LinkPrefix = "injl"

// NewSecret draws a secret to be shown once and returns its text and the hash
// that is kept: prefix, 32 random bytes in lower-case hex and a CRC-32 that
// tells a mistyped or cut one from a foreign one.
func NewSecret(prefix string) (text string, hash [32]byte) {
	var raw [32]byte
	rand.Read(raw[:])
	body := prefix + "_" + hex.EncodeToString(raw[:])
	text = fmt.Sprintf("%s_%08x", body, crc32.ChecksumIEEE([]byte(body)))
	return text, sha256.Sum256([]byte(text))
}

// SecretWellFormed reports whether the checksum of a token's text fits.
func SecretWellFormed(text string) bool {
	if len(text) < 10 || len(text) > 200 || text[len(text)-9] != '_' {
		return false
	}
	body, sum := text[:len(text)-9], text[len(text)-8:]
	var want [8]byte
	hex.Encode(want[:], binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
	return string(want[:]) == sum
}
