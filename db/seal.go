// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

// Class is a class of retention: data of one subject in one class shares a data
// key and is erased together (design.md, rule 8).
type Class string

// Classes of retention.
const (
	// ClassAccount is a party with its accounts, or a member of staff.
	ClassAccount Class = "account"
	// ClassDelegation is a delegation with its file and evidence, and both
	// people in it.
	ClassDelegation Class = "delegation"
	// ClassAudit is the person whom an audit event is about.
	ClassAudit Class = "audit"
	// ClassSession is all sessions: they hold no names and end by themselves.
	ClassSession Class = "session"
)

// Subject names a data key: whose data, in which class.
type Subject struct {
	Class Class
	ID    string
}

// keyLength is that of AES-256 and of the keys of HMAC-SHA256.
const keyLength = 32

// sealVersion is the first byte of everything sealed.
const sealVersion = 1

// Sealer seals personal data with a data key per subject and makes keyed hashes
// for equality and search. It is safe for concurrent use.
type Sealer struct {
	store  KeyStore
	master tink.AEAD
	// masterCheck tells the master key from others without telling it.
	masterCheck []byte
	hash        []byte
	cache       *keyCache
}

// NewSealer returns a sealer over a key store. The master key wraps data keys;
// the hash key serves keyed hashes. Both are 32 bytes, kept outside the
// database and outside the key store.
func NewSealer(store KeyStore, masterKey, hashKey []byte, clock poa.Clock) (*Sealer, error) {
	if store == nil || clock == nil || len(masterKey) != keyLength || len(hashKey) != keyLength {
		return nil, errors.New("making sealer: a key store, a clock and two keys of 32 bytes must be given")
	}
	master, err := subtle.NewAESGCM(masterKey)
	if err != nil {
		return nil, fmt.Errorf("making sealer: %w", err)
	}
	return &Sealer{store: store, master: master, masterCheck: checkValue(masterKey), hash: append([]byte(nil), hashKey...), cache: newKeyCache(clock)}, nil
}

// Create makes the subject's data key durable in the key store; where it has
// one already nothing happens. It must run before the statement that stores
// what the key seals. For a subject whose key was destroyed it is ErrErased.
func (s *Sealer) Create(ctx context.Context, subject Subject) error {
	if _, err := s.key(ctx, subject); !errors.Is(err, errNoKey) {
		return err
	}
	var key [keyLength]byte
	rand.Read(key[:]) // never fails since Go 1.24
	wrapped, err := s.master.Encrypt(key[:], bind("key", string(subject.Class), subject.ID))
	if err != nil {
		return fmt.Errorf("wrapping data key: %w", err)
	}
	if err := s.store.Put(ctx, subject, wrapped); err != nil {
		return fmt.Errorf("storing data key: %w", awayIf(err))
	}
	return nil
}

// awayIf tells a disk that is full or gone from a fault of ours: what needs the
// key can be asked for again later.
func awayIf(err error) error {
	var file *fs.PathError
	var link *os.LinkError
	if errors.As(err, &file) || errors.As(err, &link) {
		return &poa.Error{Code: poa.CodeUnavailable, Cause: err}
	}
	return err
}

// Seal encrypts plain with the subject's data key, bound to table, column and
// row: it opens nowhere else.
func (s *Sealer) Seal(ctx context.Context, subject Subject, table, column, row string, plain []byte) ([]byte, error) {
	key, err := s.key(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("sealing %s.%s: %w", table, column, err)
	}
	sealed, err := key.Encrypt(plain, bind("data", string(subject.Class), subject.ID, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("sealing %s.%s: %w", table, column, err)
	}
	return append([]byte{sealVersion}, sealed...), nil
}

// Open decrypts what Seal made; ErrErased where the data key is gone.
func (s *Sealer) Open(ctx context.Context, subject Subject, table, column, row string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, fmt.Errorf("opening %s.%s: not sealed by this program", table, column)
	}
	key, err := s.key(ctx, subject)
	if errors.Is(err, errNoKey) {
		err = ErrErased
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s.%s: %w", table, column, err)
	}
	plain, err := key.Decrypt(sealed[1:], bind("data", string(subject.Class), subject.ID, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("opening %s.%s: %w", table, column, err)
	}
	return plain, nil
}

// SealJSON seals the JSON of v.
func (s *Sealer) SealJSON(ctx context.Context, subject Subject, table, column, row string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %s.%s: %w", table, column, err)
	}
	return s.Seal(ctx, subject, table, column, row, plain)
}

// OpenJSON opens what SealJSON made into v.
func (s *Sealer) OpenJSON(ctx context.Context, subject Subject, table, column, row string, sealed []byte, v any) error {
	plain, err := s.Open(ctx, subject, table, column, row, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("decoding %s.%s: the JSON is malformed", table, column) // its text would quote what was sealed
	}
	return nil
}

// Hash returns the keyed hash by which equal values of a domain are found. The
// caller has normalised the value.
func (s *Sealer) Hash(domain, value string) []byte {
	mac := hmac.New(sha256.New, s.hash)
	mac.Write(bind(domain, value))
	return mac.Sum(nil)
}

// gramLength is that of a search hash: short enough to be small, long enough
// that a chance hit is rare. A search narrows, it does not prove.
const gramLength = 8

// Grams returns the search hashes of a text: keyed hashes of its folded
// bigrams.
func (s *Sealer) Grams(kind, text string) [][]byte {
	var grams [][]byte
	for _, pair := range kanji.Bigrams(text) {
		grams = append(grams, s.Hash("gram/"+kind, pair)[:gramLength])
	}
	return grams
}

// Destroy removes the subject's data key for good, which erases all that it
// sealed: here at once, in other processes within a minute, in backups when
// those of the key store are over. Destroying twice does nothing.
func (s *Sealer) Destroy(ctx context.Context, subject Subject) error {
	s.cache.forget(subject)
	if err := s.store.Destroy(ctx, subject); err != nil {
		return fmt.Errorf("destroying data key: %w", err)
	}
	s.cache.forget(subject)
	return nil
}

// key returns the subject's data key from the cache or the key store.
func (s *Sealer) key(ctx context.Context, subject Subject) (tink.AEAD, error) {
	if key, ok := s.cache.get(subject); ok {
		return key, nil
	}
	wrapped, err := s.store.Get(ctx, subject)
	if err != nil {
		return nil, awayIf(err)
	}
	raw, err := s.master.Decrypt(wrapped, bind("key", string(subject.Class), subject.ID))
	if err != nil {
		return nil, fmt.Errorf("unwrapping data key: %w", err)
	}
	key, err := subtle.NewAESGCM(raw)
	if err != nil {
		return nil, fmt.Errorf("unwrapping data key: %w", err)
	}
	s.cache.put(subject, key)
	return key, nil
}

// bind joins texts so that no two lists give the same bytes.
func bind(parts ...string) []byte {
	b := []byte("ininjo/1")
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}
