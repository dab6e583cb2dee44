// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom PostgreSQL runs as; the zero value is the program's own user.
type account struct {
	name     string
	uid, gid uint32
	other    bool
}

func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{}}
}

// own gives a file or folder to the account.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("giving %s to user %s: %w", path, a.name, err)
	}
	return nil
}

// chooseAccount picks the account for a data folder that may exist already.
func chooseAccount(name, pgDir string) (account, error) {
	owner, exists, err := ownerOf(pgDir)
	if err != nil {
		return account{}, err
	}
	if self := os.Geteuid(); self != 0 {
		if exists && int(owner.uid) != self {
			return account{}, fmt.Errorf("%s belongs to user %s: start the program as that user or as root, or choose another data folder", pgDir, owner.name)
		}
		return account{}, nil
	}
	if name == "" && exists && owner.uid != 0 {
		return owner, nil
	}
	chosen, err := lookUp(name)
	if err == nil && exists && owner.uid != 0 && owner.uid != chosen.uid {
		err = fmt.Errorf("%s belongs to user %s, not to %s", pgDir, owner.name, chosen.name)
	}
	return chosen, err
}

func ownerOf(dir string) (account, bool, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return account{}, false, nil
	}
	if err != nil {
		return account{}, false, fmt.Errorf("looking at data folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, false, fmt.Errorf("looking at the owner of %s", dir)
	}
	owner := account{name: strconv.FormatUint(uint64(stat.Uid), 10), uid: stat.Uid, gid: stat.Gid, other: true}
	if u, err := user.LookupId(owner.name); err == nil {
		owner.name = u.Username
	}
	return owner, true, nil
}

// lookUp finds the named user, or postgres, or nobody.
func lookUp(name string) (account, error) {
	names := []string{name}
	if name == "" {
		names = []string{"postgres", "nobody"}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("reading user %s: %w", name, err)
		}
		if uid == 0 {
			return account{}, fmt.Errorf("PostgreSQL does not run as %s: name a user without root's rights", name)
		}
		return account{name: name, uid: uint32(uid), gid: uint32(gid), other: true}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no user %v to run it as", names)
}

// reach makes a folder reachable for the account: every folder above it must be
// searchable. Where one is not, the account alone is let through it.
func (a account) reach(dir string) error {
	if !a.other || a.enters(dir) {
		return nil
	}
	for _, each := range chain(dir) {
		if a.enters(each) {
			continue
		}
		if err := allowSearch(each, a.uid); err == nil && a.enters(each) {
			continue
		}
		if ours(each, dir) && openSearch(each) == nil && a.enters(each) {
			continue
		}
		return fmt.Errorf("user %s, whom PostgreSQL runs as, cannot enter %s: allow it (chmod o+x %s) or choose another data folder", a.name, each, each)
	}
	return nil
}

// ours says whether a folder may be opened to every user's passing where the
// file system has no access lists: the program's own, and temporary ones.
func ours(folder, dir string) bool {
	temporary, err := filepath.Rel(os.TempDir(), folder)
	return folder == dir || err == nil && filepath.IsLocal(temporary)
}

func openSearch(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", folder, err)
	}
	return os.Chmod(folder, info.Mode()|0o011)
}

// enters asks the kernel, by starting a harmless program there as the account.
func (a account) enters(dir string) bool {
	cmd := exec.Command("/bin/sh", "-c", ":")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential()}
	cmd.Dir = dir
	return cmd.Run() == nil
}

// chain lists the folders from the root down to dir.
func chain(dir string) []string {
	if parent := filepath.Dir(dir); parent != dir {
		return append(chain(parent), dir)
	}
	return []string{dir}
}
