// SPDX-License-Identifier: Apache-2.0

//go:build pkcs11

package signers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"

	"ininjo/poa/receipt"
	"ininjo/server/outside/token"
)

// hsm is a token with one key, or several of one name: sessions are kept open,
// and opened anew where the token was restarted.
type hsm struct {
	uri   tokenURI
	guard *guard

	mu     sync.Mutex
	module *token.Module
	slot   uint
	// idle are sessions that nobody uses; generation tells those of before a
	// restart.
	idle       []pkcs11.SessionHandle
	generation int
	// spent is the token's refusal of the PIN: it is never offered twice.
	spent error
}

func openToken(u tokenURI, c Config) (Source, error) { return &hsm{uri: u, guard: newGuard(c)}, nil }

// Name tells token and key.
func (h *hsm) Name() string { return h.uri.String() }

// Remote is true: a token can be pulled out, restarted or out of reach.
func (h *hsm) Remote() bool { return true }

// Close ends the sessions.
func (h *hsm) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reset()
}

// reset lets go of the module; the next use loads it anew.
func (h *hsm) reset() error {
	if h.module == nil {
		return nil
	}
	for _, session := range h.idle {
		_ = h.module.CloseSession(session) // it may be gone with its token
	}
	err := h.module.Close()
	h.module, h.idle = nil, nil
	h.generation++
	return err
}

// session is an open one, logged in, with the module that it belongs to. It holds
// the module of its own: nobody unloads it while a call is under way.
type session struct {
	handle     pkcs11.SessionHandle
	module     *token.Module
	generation int
}

// take gives an idle session or opens one.
func (h *hsm) take() (session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.spent != nil {
		return session{}, h.spent
	}
	if err := h.load(); err != nil {
		return session{}, err
	}
	own, err := token.Load(h.uri.module) // it is loaded: this counts one more user
	if err != nil {
		return session{}, err
	}
	handle, err := h.open()
	if err != nil {
		return session{}, errors.Join(err, own.Close(), h.reset())
	}
	return session{handle, own, h.generation}, nil
}

// open gives an idle session, or a new one that is logged in.
func (h *hsm) open() (pkcs11.SessionHandle, error) {
	if last := len(h.idle) - 1; last >= 0 {
		handle := h.idle[last]
		h.idle = h.idle[:last]
		return handle, nil
	}
	handle, err := h.module.OpenSession(h.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return 0, fmt.Errorf("opening a session with %s: %w", h.uri, err)
	}
	if err := h.login(handle); err != nil {
		_ = h.module.CloseSession(handle) // the refusal counts
		return 0, err
	}
	return handle, nil
}

// load finds the token.
func (h *hsm) load() error {
	if h.module != nil {
		return nil
	}
	module, err := token.Load(h.uri.module)
	if err != nil {
		return err
	}
	slots, err := module.GetSlotList(true)
	if err != nil {
		return errors.Join(fmt.Errorf("looking for %s: %w", h.uri, err), module.Close())
	}
	for _, slot := range slots {
		info, err := module.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 || h.uri.bySlot && slot != h.uri.slot ||
			h.uri.token != "" && h.uri.token != strings.TrimSpace(info.Label) || h.uri.serial != "" && h.uri.serial != strings.TrimSpace(info.SerialNumber) {
			continue
		}
		h.module, h.slot = module, slot
		return nil
	}
	return errors.Join(fmt.Errorf("looking for %s: there is no such token", h.uri), module.Close())
}

// login offers the PIN. A wrong one is never offered again: tokens lock themselves.
func (h *hsm) login(handle pkcs11.SessionHandle) error {
	pin, err := h.uri.pin()
	if err != nil {
		return err
	}
	err = h.module.Login(handle, pkcs11.CKU_USER, pin)
	var code pkcs11.Error
	switch {
	case err == nil, errors.As(err, &code) && code == pkcs11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case errors.As(err, &code) && slices.Contains([]pkcs11.Error{pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_LOCKED}, code):
		h.spent = fmt.Errorf("logging in at %s: the PIN is refused and is not tried again before a restart: %w", h.uri, err)
		return h.spent
	}
	return fmt.Errorf("logging in at %s: %w", h.uri, err)
}

// give takes a session back. One that failed is not used again, nor are others of
// its time.
func (h *hsm) give(s session, failed bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !failed && s.generation == h.generation {
		h.idle = append(h.idle, s.handle)
		return s.module.Close()
	}
	_ = s.module.CloseSession(s.handle) // it failed, or its time is over
	if s.generation != h.generation {
		return s.module.Close()
	}
	return errors.Join(h.reset(), s.module.Close())
}

// with runs f in a session.
func (h *hsm) with(f func(session) error) error {
	s, err := h.take()
	if err != nil {
		return err
	}
	err = f(s)
	return errors.Join(err, h.give(s, err != nil))
}

// Keys finds the keys of the name, by their identifiers.
func (h *hsm) Keys(ctx context.Context) ([]receipt.Key, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.guard.timeout, errSlow)
	defer cancel()
	return within(ctx, h.guard, h.find)
}

func (h *hsm) find() ([]receipt.Key, error) {
	var found []*tokenKey
	err := h.with(func(s session) error {
		var wanted []*pkcs11.Attribute
		if h.uri.byObjectName {
			wanted = append(wanted, pkcs11.NewAttribute(pkcs11.CKA_LABEL, h.uri.object))
		}
		if h.uri.byID {
			wanted = append(wanted, pkcs11.NewAttribute(pkcs11.CKA_ID, h.uri.id))
		}
		objects, err := s.module.Find(s.handle, pkcs11.CKO_PUBLIC_KEY, wanted...)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", h.uri, err)
		}
		for _, object := range objects {
			public, ok := s.module.P256(s.handle, object)
			values, err := s.module.GetAttributeValue(s.handle, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
			if !ok || err != nil {
				continue
			}
			found = append(found, &tokenKey{hsm: h, id: values[0].Value, public: public})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("looking for %s: the token has no key pair of P-256 of this name", h.uri)
	}
	slices.SortFunc(found, func(a, b *tokenKey) int { return cmp.Or(cmp.Compare(len(a.id), len(b.id)), bytes.Compare(a.id, b.id)) })
	keys := make([]receipt.Key, len(found))
	for i, key := range found {
		keys[i] = guarded{key, h.guard}
	}
	return keys, nil
}

// tokenKey is a key pair in a token.
type tokenKey struct {
	hsm    *hsm
	id     []byte
	public *ecdsa.PublicKey
}

func (k *tokenKey) Public() *ecdsa.PublicKey { return k.public }

// SignDigest signs in the token.
func (k *tokenKey) SignDigest(_ context.Context, digest [sha256.Size]byte) (signature [64]byte, err error) {
	err = k.hsm.with(func(s session) error {
		objects, err := s.module.Find(s.handle, pkcs11.CKO_PRIVATE_KEY, pkcs11.NewAttribute(pkcs11.CKA_ID, k.id))
		if err != nil {
			return fmt.Errorf("looking for %s: %w", k.hsm.uri, err)
		}
		if len(objects) != 1 {
			return fmt.Errorf("looking for %s: %d private keys have this identifier", k.hsm.uri, len(objects))
		}
		if err := s.module.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}, objects[0]); err != nil {
			return fmt.Errorf("signing with %s: %w", k.hsm.uri, err)
		}
		raw, err := s.module.Sign(s.handle, digest[:])
		if err != nil {
			return fmt.Errorf("signing with %s: %w", k.hsm.uri, err)
		}
		if len(raw) != len(signature) {
			return errWrong
		}
		copy(signature[:], raw)
		return nil
	})
	return signature, err
}

// maxPIN bounds a PIN file, in bytes.
const maxPIN = 1024

// pin reads the PIN.
func (u tokenURI) pin() (string, error) {
	text, err := os.ReadFile(u.pinFile)
	if err != nil {
		return "", fmt.Errorf("reading the PIN: %w", err)
	}
	pin := strings.TrimRight(string(text), "\r\n")
	if pin == "" || len(pin) > maxPIN {
		return "", errors.New("reading the PIN: its file holds none")
	}
	return pin, nil
}
