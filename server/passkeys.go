// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"ininjo/poa"
)

// passkeys speak WebAuthn for one relying party: the host of the public URL.
type passkeys struct{ relying *webauthn.WebAuthn }

// newPasskeys returns nil where the public URL's host is an address: browsers take
// names only. A loopback address stands for localhost, under which the same page
// can be opened.
func newPasskeys(policy poa.Policy) (*passkeys, error) {
	u, err := url.Parse(policy.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("parsing the public URL: %w", err)
	}
	host, origins := u.Hostname(), []string{policy.PublicURL}
	if ip := net.ParseIP(host); ip != nil {
		if !ip.IsLoopback() {
			return nil, nil
		}
		host, origins = "localhost", []string{u.Scheme + "://localhost:" + u.Port()}
	}
	relying, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: policy.ServiceName, RPOrigins: origins,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred}})
	if err != nil {
		return nil, fmt.Errorf("preparing passkeys: %w", err)
	}
	return &passkeys{relying}, nil
}

// holder is an account as WebAuthn sees it.
type holder struct {
	account     poa.Account
	credentials []webauthn.Credential
}

// WebAuthnID is the account's own ID, which is no personal data.
func (h holder) WebAuthnID() []byte { return []byte(h.account.ID) }

// WebAuthnName is what the authenticator shows.
func (h holder) WebAuthnName() string { return h.account.Email }

// WebAuthnDisplayName is what the authenticator shows.
func (h holder) WebAuthnDisplayName() string { return h.account.Name }

// WebAuthnCredentials are those that the account has.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

func holderOf(account poa.Account, has []poa.Passkey) (holder, error) {
	h := holder{account: account}
	for _, p := range has {
		var c webauthn.Credential
		if err := json.Unmarshal(p.Record, &c); err != nil {
			return holder{}, errors.New("reading passkey: its record is malformed")
		}
		h.credentials = append(h.credentials, c)
	}
	return h, nil
}

// BeginRegistration asks for a new credential, other than those the account has.
func (k *passkeys) BeginRegistration(account poa.Account, has []poa.Passkey) (options, state []byte, err error) {
	h, err := holderOf(account, has)
	if err != nil {
		return nil, nil, err
	}
	var known []protocol.CredentialDescriptor
	for _, c := range h.credentials {
		known = append(known, c.Descriptor())
	}
	asked, session, err := k.relying.BeginRegistration(h, webauthn.WithExclusions(known))
	return encoded(asked, session, err)
}

// encoded returns options and state as JSON.
func encoded(asked any, session *webauthn.SessionData, err error) (options, state []byte, _ error) {
	if err != nil {
		return nil, nil, fmt.Errorf("asking for a passkey: %w", err)
	}
	if options, err = json.Marshal(asked); err != nil {
		return nil, nil, fmt.Errorf("encoding options: %w", err)
	}
	state, err = json.Marshal(session)
	return options, state, err
}

// FinishRegistration checks what the browser answered.
func (k *passkeys) FinishRegistration(account poa.Account, state []byte, response string) (poa.Passkey, error) {
	session, err := sessionFrom(state)
	if err != nil {
		return poa.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(response))
	if err != nil {
		return poa.Passkey{}, refusedBy(err)
	}
	c, err := k.relying.CreateCredential(holder{account: account}, session, parsed)
	if err != nil {
		return poa.Passkey{}, refusedBy(err)
	}
	return passkeyFrom(poa.Passkey{}, c)
}

// BeginAssertion asks for one of the account's credentials.
func (k *passkeys) BeginAssertion(account poa.Account, has []poa.Passkey) (options, state []byte, err error) {
	h, err := holderOf(account, has)
	if err != nil {
		return nil, nil, err
	}
	asked, session, err := k.relying.BeginLogin(h)
	return encoded(asked, session, err)
}

// FinishAssertion checks what the browser answered, its counter included.
func (k *passkeys) FinishAssertion(account poa.Account, has []poa.Passkey, state []byte, response string) (poa.Passkey, error) {
	session, err := sessionFrom(state)
	if err != nil {
		return poa.Passkey{}, err
	}
	h, err := holderOf(account, has)
	if err != nil {
		return poa.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(response))
	if err != nil {
		return poa.Passkey{}, refusedBy(err)
	}
	c, err := k.relying.ValidateLogin(h, session, parsed)
	if err != nil {
		return poa.Passkey{}, refusedBy(err)
	}
	if c.Authenticator.CloneWarning {
		return poa.Passkey{}, fmt.Errorf("%w: its counter fell", poa.ErrPasskeyRefused)
	}
	for _, p := range has {
		if bytes.Equal(p.CredentialID, c.ID) {
			return passkeyFrom(p, c)
		}
	}
	return poa.Passkey{}, poa.ErrPasskeyRefused
}

func sessionFrom(state []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if len(state) == 0 || json.Unmarshal(state, &session) != nil {
		return session, fmt.Errorf("%w: nothing was asked", poa.ErrPasskeyRefused)
	}
	return session, nil
}

// refusedBy keeps the library's reason for the log; it names no person.
func refusedBy(err error) error { return fmt.Errorf("%w: %w", poa.ErrPasskeyRefused, err) }

func passkeyFrom(p poa.Passkey, c *webauthn.Credential) (poa.Passkey, error) {
	record, err := json.Marshal(c)
	if err != nil {
		return poa.Passkey{}, fmt.Errorf("encoding passkey: %w", err)
	}
	p.CredentialID, p.Record, p.SignCount = c.ID, record, c.Authenticator.SignCount
	return p, nil
}
