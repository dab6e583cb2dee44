// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"net/url"
)

// ErrNotEmpty is returned where a backup would be restored over data.
var ErrNotEmpty = errors.New("the database is not empty: a backup is restored into an empty one only")

// RequireUnused refuses a database with tables of ours in it.
func RequireUnused(ctx context.Context, url string) error {
	conn, err := connectOnce(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var used bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', $1) AND c.relkind IN ('r', 'p'))", riverSchema).Scan(&used); err != nil {
		return failed(err, "looking whether the database is empty")
	}
	if used {
		return ErrNotEmpty
	}
	return nil
}

// AfterRestore begins a new stream for every party: numbers that were given
// after the backup must not be given again (design.md, section 5). The login is
// the one that migrates.
func AfterRestore(ctx context.Context, url string) error {
	conn, err := connectOnce(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "SET ROLE "+RoleOwner); err != nil {
		return failed(err, "taking the owner's role")
	}
	for _, statement := range []string{"UPDATE streams SET stream = gen_random_uuid(), sequence = 0", "UPDATE endpoints SET last_sequence = 0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return failed(err, "beginning new streams")
		}
	}
	return nil
}

// ToolURL parts the password from a URL, for PostgreSQL's own programs: their
// arguments can be read by everybody on the machine, their environment not.
func ToolURL(text string) (without, password string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", "", errors.New("the database's URL is not of the form postgres://…") // err quotes it
	}
	password, _ = u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	if p := q.Get("password"); p != "" {
		password = p
		q.Del("password")
		u.RawQuery = q.Encode()
	}
	return u.String(), password, nil
}
