// SPDX-License-Identifier: Apache-2.0

package embedded

// account is whom PostgreSQL runs as: on Windows the program's own user, who
// must not be an administrator.
type account struct{ name string }

func (account) own(string) error   { return nil }
func (account) reach(string) error { return nil }

func chooseAccount(string, string) (account, error) { return account{}, nil }
