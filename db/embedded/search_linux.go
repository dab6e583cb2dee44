// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// Tags of a POSIX access list's entries, as the kernel's extended attribute
// holds them (acl(5); include/uapi/linux/posix_acl.h).
const (
	aclAttribute = "system.posix_acl_access"
	aclVersion   = 2
	tagOwner     = 0x01
	tagUser      = 0x02
	tagGroup     = 0x04
	tagMask      = 0x10
	tagOther     = 0x20
	permSearch   = 0x1
	noID         = 0xffffffff
)

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// allowSearch lets one user pass through a folder, and nobody else: an access
// list entry with the search right only. Opening the folder to all (chmod o+x)
// is left to the operator.
func allowSearch(dir string, uid uint32) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", dir, err)
	}
	entries, err := readACL(dir, info.Mode().Perm())
	if err != nil {
		return err
	}
	if err := syscall.Setxattr(dir, aclAttribute, encodeACL(withSearch(entries, uid)), 0); err != nil {
		return fmt.Errorf("letting a user into %s: %w", dir, err)
	}
	return nil
}

func readACL(dir string, mode os.FileMode) ([]aclEntry, error) {
	raw := make([]byte, 4096)
	n, err := syscall.Getxattr(dir, aclAttribute, raw)
	if errors.Is(err, syscall.ENODATA) {
		bits := uint16(mode)
		return []aclEntry{
			{tagOwner, bits >> 6 & 7, noID}, {tagGroup, bits >> 3 & 7, noID}, {tagOther, bits & 7, noID},
		}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the access list of %s: %w", dir, err)
	}
	if n < 4 || (n-4)%8 != 0 || binary.LittleEndian.Uint32(raw) != aclVersion {
		return nil, fmt.Errorf("reading the access list of %s: unknown form", dir)
	}
	var entries []aclEntry
	for at := 4; at < n; at += 8 {
		entries = append(entries, aclEntry{
			tag:  binary.LittleEndian.Uint16(raw[at:]),
			perm: binary.LittleEndian.Uint16(raw[at+2:]),
			id:   binary.LittleEndian.Uint32(raw[at+4:]),
		})
	}
	return entries, nil
}

// withSearch adds the user's search right. The mask bounds every named entry
// and the group, so it takes in what they had and the new right.
func withSearch(entries []aclEntry, uid uint32) []aclEntry {
	granted, mask := false, aclEntry{tagMask, permSearch, noID}
	var result []aclEntry
	for _, e := range entries {
		switch {
		case e.tag == tagMask:
			mask.perm |= e.perm
			continue
		case e.tag == tagUser && e.id == uid:
			e.perm |= permSearch
			granted = true
		}
		result = append(result, e)
	}
	if !slices.ContainsFunc(entries, func(e aclEntry) bool { return e.tag == tagMask }) {
		for _, e := range entries {
			if e.tag == tagGroup {
				mask.perm |= e.perm
			}
		}
	}
	if !granted {
		result = append(result, aclEntry{tagUser, permSearch, uid})
	}
	return append(result, mask)
}

// encodeACL writes entries in the order the kernel wants: by tag, then by ID.
func encodeACL(entries []aclEntry) []byte {
	slices.SortFunc(entries, func(a, b aclEntry) int {
		if a.tag != b.tag {
			return int(a.tag) - int(b.tag)
		}
		return int(int64(a.id) - int64(b.id))
	})
	raw := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range entries {
		raw = binary.LittleEndian.AppendUint16(raw, e.tag)
		raw = binary.LittleEndian.AppendUint16(raw, e.perm)
		raw = binary.LittleEndian.AppendUint32(raw, e.id)
	}
	return raw
}
