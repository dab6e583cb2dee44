// SPDX-License-Identifier: Apache-2.0

//go:build pkcs11

package sign

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/miekg/pkcs11"

	"ininjo/server/outside/token"
)

// hasPKCS11 says whether this build can reach cards.
const hasPKCS11 = true

// reaching is held while a card is used: sessions of one process share their login.
var reaching sync.Mutex

// module is a loaded PKCS #11 library that nobody else in this process uses.
type module struct{ *token.Module }

func load(path string) (module, error) {
	if !reaching.TryLock() {
		return module{}, wrong("card-busy")
	}
	m, err := token.Load(path)
	if err != nil {
		reaching.Unlock()
		return module{}, wrong("module", "path", path).because(err)
	}
	return module{m}, nil
}

func (m module) close() error {
	defer reaching.Unlock()
	return m.Close()
}

// listCards shows every slot with a token, without asking for a PIN.
func listCards(path string) (cards []Card, err error) {
	m, err := load(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	slots, err := m.GetSlotList(true)
	if err != nil {
		return nil, wrong("module", "path", path).because(err)
	}
	for _, slot := range slots {
		c, ok, err := m.card(path, slot)
		if err != nil {
			return nil, err
		}
		if ok {
			cards = append(cards, c)
		}
	}
	return cards, nil
}

// card reads what a slot tells of itself; a token that is not set up yet is none.
func (m module) card(path string, slot uint) (Card, bool, error) {
	info, err := m.GetTokenInfo(slot)
	if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
		return Card{}, false, nil // a card that is just pulled out is not there
	}
	c := Card{Module: path, Slot: slot, Label: strings.TrimSpace(info.Label), PINMin: int(info.MinPinLen), PINMax: int(info.MaxPinLen),
		Pinpad: info.Flags&pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH != 0, Tries: triesOf(info)}
	if s, err := m.GetSlotInfo(slot); err == nil {
		c.Reader = strings.TrimSpace(s.SlotDescription)
	}
	session, err := m.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return c, true, nil // it is listed all the same
	}
	found, err := m.certificates(session)
	if err == nil {
		for id, certificate := range found {
			c.Certificates = append(c.Certificates, CardCertificate{ID: id, Holder: holderOf(certificate)})
		}
	}
	return c, true, m.CloseSession(session)
}

func triesOf(info pkcs11.TokenInfo) Tries {
	return Tries{Low: info.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0, Last: info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0, Blocked: info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0}
}

// certificates are those that the session sees, by CKA_ID in hex.
func (m module) certificates(session pkcs11.SessionHandle) (map[string]*x509.Certificate, error) {
	objects, err := m.Find(session, pkcs11.CKO_CERTIFICATE)
	if err != nil {
		return nil, err
	}
	found := map[string]*x509.Certificate{}
	for _, object := range objects {
		values, err := m.GetAttributeValue(session, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil), pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)})
		if err != nil {
			continue // a certificate that cannot be read is not one to sign with
		}
		if certificate, err := x509.ParseCertificate(values[1].Value); err == nil && !certificate.IsCA {
			found[hex.EncodeToString(values[0].Value)] = certificate
		}
	}
	return found, nil
}

// openCard logs in once, with the one PIN that it is given, and finds the key to sign with.
func openCard(c Card, pin []byte, keyID string, now time.Time) (*Key, error) {
	if err := c.checkPIN(pin); err != nil {
		return nil, err
	}
	m, err := load(c.Module)
	if err != nil {
		return nil, err
	}
	s := &cardSigner{module: m, slot: c.Slot, pin: append([]byte{}, pin...)}
	if s.session, err = m.OpenSession(c.Slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return nil, errors.Join(wrong("card-gone").because(err), s.close())
	}
	if err := s.login(pkcs11.CKU_USER); err != nil {
		return nil, errors.Join(err, s.close())
	}
	certificate, err := s.choose(strings.ToLower(keyID), now)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &Key{Certificate: certificate, Signer: s, close: s.close}, nil
}

// choose finds the one private key that signs and has a certificate for signing delegations.
func (s *cardSigner) choose(keyID string, now time.Time) (*x509.Certificate, error) {
	certificates, err := s.module.certificates(s.session)
	if err != nil {
		return nil, wrong("card-gone").because(err)
	}
	objects, err := s.module.Find(s.session, pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return nil, wrong("card-gone").because(err)
	}
	var chosen *x509.Certificate
	var refused error
	var ids []string
	for _, object := range objects {
		values, err := s.module.GetAttributeValue(s.session, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
		if err != nil {
			continue
		}
		id := hex.EncodeToString(values[0].Value)
		certificate := certificates[id]
		if certificate == nil || keyID != "" && strings.TrimLeft(keyID, "0") != strings.TrimLeft(id, "0") {
			continue
		}
		if err := usable(certificate, nil, now); err != nil {
			refused = err
			continue
		}
		ids = append(ids, id)
		chosen, s.key, s.public = certificate, object, certificate.PublicKey
	}
	switch {
	case len(ids) > 1:
		return nil, wrong("which-key", "ids", strings.Join(ids, ", "))
	case len(ids) == 0 && refused != nil:
		return nil, refused
	case len(ids) == 0:
		return nil, wrong("no-card-key")
	}
	s.everyTime = s.asksEveryTime()
	return chosen, nil
}

// asksEveryTime says whether the card wants its PIN anew for each signature.
func (s *cardSigner) asksEveryTime() bool {
	values, err := s.module.GetAttributeValue(s.session, s.key, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, nil)})
	return err == nil && len(values[0].Value) > 0 && values[0].Value[0] != 0
}
