// SPDX-License-Identifier: Apache-2.0

//go:build pkcs11

package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"sync"

	"github.com/miekg/pkcs11"
)

// maxObjects bounds what is read of one slot.
const maxObjects = 64

// Module is a loaded PKCS #11 library.
type Module struct {
	*pkcs11.Ctx
	path string
}

// loaded are the modules of this process with who uses them: a process may
// initialize one only once.
var loaded = struct {
	sync.Mutex
	modules map[string]*use
}{modules: map[string]*use{}}

type use struct {
	context *pkcs11.Ctx
	users   int
}

// Load loads a module, or shares it where it is loaded already.
func Load(path string) (*Module, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if u := loaded.modules[path]; u != nil {
		u.users++
		return &Module{u.context, path}, nil
	}
	context := pkcs11.New(path)
	if context == nil {
		return nil, fmt.Errorf("%w: %s", ErrModule, path)
	}
	if err := context.Initialize(); err != nil {
		context.Destroy()
		return nil, fmt.Errorf("%w: %s: %w", ErrModule, path, err)
	}
	loaded.modules[path] = &use{context, 1}
	return &Module{context, path}, nil
}

// Close lets go of the module; the last to do so unloads it.
func (m *Module) Close() error {
	loaded.Lock()
	defer loaded.Unlock()
	u := loaded.modules[m.path]
	if u == nil {
		return nil
	}
	if u.users--; u.users > 0 {
		return nil
	}
	delete(loaded.modules, m.path)
	err := m.Finalize()
	m.Destroy()
	return err
}

// Find gives the objects of a class that have these attributes.
func (m *Module) Find(session pkcs11.SessionHandle, class uint, more ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := m.FindObjectsInit(session, append(more, pkcs11.NewAttribute(pkcs11.CKA_CLASS, class))); err != nil {
		return nil, err
	}
	objects, _, err := m.FindObjects(session, maxObjects)
	return objects, errors.Join(err, m.FindObjectsFinal(session))
}

// p256 is the object identifier of the curve, as CKA_EC_PARAMS has it.
var p256 = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}

// P256 reads a public key of the curve out of its object; false for another kind.
func (m *Module) P256(session pkcs11.SessionHandle, object pkcs11.ObjectHandle) (*ecdsa.PublicKey, bool) {
	values, err := m.GetAttributeValue(session, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, nil), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil || string(values[0].Value) != string(p256) {
		return nil, false
	}
	point := values[1].Value
	if rest, err := asn1.Unmarshal(values[1].Value, &point); err != nil || len(rest) > 0 {
		point = values[1].Value // some modules give the point without its OCTET STRING
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	return public, err == nil
}
