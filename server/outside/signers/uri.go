// SPDX-License-Identifier: Apache-2.0

package signers

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// tokenURI is a PKCS #11 URI (RFC 7512), as far as it is needed to find a key.
type tokenURI struct {
	module, pinFile            string
	token, serial, object      string
	id                         []byte
	slot                       uint
	bySlot, byID, byObjectName bool
}

// parseURI reads what stands after pkcs11:. A PIN in it is refused: settings are
// seen in lists of processes.
func parseURI(text string) (tokenURI, error) {
	path, query, _ := strings.Cut(text, "?")
	var u tokenURI
	for part := range strings.SplitSeq(path, ";") {
		name, value, err := attribute(part)
		if err != nil {
			return u, err
		}
		if err := u.take(name, value); err != nil {
			return u, err
		}
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, err := attribute(part)
		if err != nil {
			return u, err
		}
		switch name {
		case "module-path":
			u.module = value
		case "pin-source":
			u.pinFile = strings.TrimPrefix(strings.TrimPrefix(value, "file://"), "file:")
		case "pin-value":
			return u, errors.New("reading the place of a key: pkcs11: a PIN in the settings is seen by others: name its file, pin-source=file:/…")
		default:
			return u, fmt.Errorf("reading the place of a key: pkcs11: %q is not understood", name)
		}
	}
	return u, u.check()
}

func attribute(part string) (name, value string, err error) {
	name, escaped, found := strings.Cut(part, "=")
	value, err = url.PathUnescape(escaped)
	if !found || err != nil || value == "" {
		return "", "", fmt.Errorf("reading the place of a key: pkcs11: %q is not name=value", name)
	}
	return name, value, nil
}

func (u *tokenURI) take(name, value string) error {
	switch name {
	case "token":
		u.token = value
	case "serial":
		u.serial = value
	case "object":
		u.object, u.byObjectName = value, true
	case "id":
		u.id, u.byID = []byte(value), true
	case "slot-id":
		slot, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return errors.New("reading the place of a key: pkcs11: slot-id is no number")
		}
		u.slot, u.bySlot = uint(slot), true
	case "type":
		if value != "private" {
			return errors.New("reading the place of a key: pkcs11: type is private")
		}
	default:
		return fmt.Errorf("reading the place of a key: pkcs11: %q is not understood", name)
	}
	return nil
}

func (u tokenURI) check() error {
	switch {
	case u.token == "" && u.serial == "" && !u.bySlot:
		return errors.New("reading the place of a key: pkcs11: name the token (token=, serial= or slot-id=)")
	case !u.byObjectName && !u.byID:
		return errors.New("reading the place of a key: pkcs11: name the key (object= or id=)")
	case !filepath.IsAbs(u.module):
		return errors.New("reading the place of a key: pkcs11: module-path is the module's whole path")
	case !filepath.IsAbs(u.pinFile):
		return errors.New("reading the place of a key: pkcs11: pin-source is file: and the whole path of the file with the PIN")
	}
	return nil
}

// String tells the place without module and PIN.
func (u tokenURI) String() string {
	var parts []string
	for _, each := range []struct{ name, value string }{{"token", u.token}, {"serial", u.serial}, {"object", u.object}, {"id", string(u.id)}} {
		if each.value != "" {
			parts = append(parts, each.name+"="+url.PathEscape(each.value))
		}
	}
	if u.bySlot {
		parts = append(parts, "slot-id="+strconv.FormatUint(uint64(u.slot), 10))
	}
	return "pkcs11:" + strings.Join(parts, ";")
}
