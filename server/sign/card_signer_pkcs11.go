// SPDX-License-Identifier: Apache-2.0

//go:build pkcs11

package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"slices"

	"github.com/miekg/pkcs11"
)

// cardSigner signs digests with a key that never leaves its card.
type cardSigner struct {
	module  module
	slot    uint
	session pkcs11.SessionHandle
	key     pkcs11.ObjectHandle
	public  crypto.PublicKey
	pin     []byte
	// everyTime: the card wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE).
	everyTime bool
	// spent is the card's refusal; nothing is tried after it.
	spent error
}

// Public gives the certificate's key.
func (s *cardSigner) Public() crypto.PublicKey { return s.public }

// login offers the PIN once. After a refusal it says how many tries are left, and never offers again.
func (s *cardSigner) login(as uint) error {
	if s.spent != nil {
		return s.spent
	}
	err := s.module.Login(s.session, as, string(s.pin))
	var code pkcs11.Error
	switch {
	case err == nil, errors.As(err, &code) && code == pkcs11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case errors.As(err, &code) && slices.Contains([]pkcs11.Error{pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE}, code):
		s.spent = wrong("pin").because(err)
		if info, err := s.module.GetTokenInfo(s.slot); err == nil {
			if tries := triesOf(info); tries.Blocked {
				s.spent = wrong("pin-locked")
			} else if tries.Last {
				s.spent = wrong("pin-last")
			}
		}
	case errors.As(err, &code) && code == pkcs11.CKR_PIN_LOCKED:
		s.spent = wrong("pin-locked").because(err)
	default:
		s.spent = wrong("card-gone").because(err)
	}
	return s.spent
}

// digestInfo are the beginnings of DigestInfo (RFC 8017, section 9.2, note 1).
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// pssOf are the mechanism's names of a hash for RSA-PSS.
var pssOf = map[crypto.Hash][2]uint{
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}

// Sign signs a digest: RSA PKCS #1 v1.5 or PSS, or ECDSA.
func (s *cardSigner) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	hash := options.HashFunc()
	prefix, known := digestInfo[hash]
	if !known || len(digest) != hash.Size() {
		return nil, errors.New("signing: the digest is not SHA-256, SHA-384 or SHA-512")
	}
	switch s.public.(type) {
	case *ecdsa.PublicKey:
		raw, err := s.ask(pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil), digest)
		if err != nil {
			return nil, err
		}
		half := len(raw) / 2
		return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
	case *rsa.PublicKey:
		if _, pss := options.(*rsa.PSSOptions); pss {
			names := pssOf[hash]
			return s.ask(pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(names[0], names[1], uint(hash.Size()))), digest)
		}
		return s.ask(pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), slices.Concat(prefix, digest))
	}
	return nil, errors.New("signing: the card's key is neither RSA nor ECDSA")
}

func (s *cardSigner) ask(mechanism *pkcs11.Mechanism, message []byte) ([]byte, error) {
	if s.spent != nil {
		return nil, s.spent
	}
	if err := s.module.SignInit(s.session, []*pkcs11.Mechanism{mechanism}, s.key); err != nil {
		return nil, s.refused(err)
	}
	if s.everyTime {
		if err := s.login(pkcs11.CKU_CONTEXT_SPECIFIC); err != nil {
			return nil, err
		}
	}
	signature, err := s.module.Sign(s.session, message)
	if err != nil {
		return nil, s.refused(err)
	}
	return signature, nil
}

// refused tells a card that was pulled out from one that cannot sign so.
func (s *cardSigner) refused(err error) error {
	var code pkcs11.Error
	if errors.As(err, &code) && slices.Contains([]pkcs11.Error{pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED}, code) {
		return wrong("card-mechanism").because(err)
	}
	s.spent = wrong("card-gone").because(err)
	return s.spent
}

// close logs out, forgets the PIN and lets the module go.
func (s *cardSigner) close() error {
	wipe(s.pin)
	if s.session != 0 {
		_ = s.module.Logout(s.session)
		_ = s.module.CloseSession(s.session)
	}
	return s.module.close()
}
