// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Login roles of the private cluster. With a database of one's own they can
// have any name; what counts is whose members they are.
const (
	LoginMigrate   = "ininjo_migrate"
	LoginApp       = "ininjo_app"
	LoginRetention = "ininjo_retention_login"
	LoginAuditor   = "ininjo_auditor_login"
)

// memberships says which roles a login of ours can take. Migrations also make
// River's tables, which the program owns.
var memberships = map[string][]string{
	LoginMigrate:   {RoleOwner, RoleProgram},
	LoginApp:       {RoleProgram},
	LoginRetention: {RoleRetention},
	LoginAuditor:   {RoleAuditor},
}

// Logins holds a password for each login role to be made, by the role's name.
type Logins map[string]string

// rolesSQL makes the roles; running it again does nothing.
func rolesSQL() []string {
	var statements []string
	for _, role := range []string{RoleOwner, RoleProgram, RoleRetention, RoleAuditor} {
		statements = append(statements, createRole(role, "NOLOGIN"))
	}
	return statements
}

// databaseSQL gives the roles what they need in the database itself.
func databaseSQL(database string) []string {
	name := pgx.Identifier{database}.Sanitize()
	return []string{
		"REVOKE ALL ON DATABASE " + name + " FROM PUBLIC",
		fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s, %s, %s, %s", name, RoleOwner, RoleProgram, RoleRetention, RoleAuditor),
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
		"GRANT USAGE, CREATE ON SCHEMA public TO " + RoleOwner,
		"CREATE SCHEMA IF NOT EXISTS " + riverSchema + " AUTHORIZATION " + RoleProgram,
	}
}

// createRole tolerates another process that makes the same role.
func createRole(role, options string) string {
	return fmt.Sprintf("DO $do$ BEGIN CREATE ROLE %s %s; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$",
		pgx.Identifier{role}.Sanitize(), options)
}

// SetupSQL returns what a superuser must run in the database before the first
// migration where the migrating login may not make roles itself.
func SetupSQL(database string) string {
	return strings.Join(append(rolesSQL(), databaseSQL(database)...), ";\n") + ";\n" +
		fmt.Sprintf("-- and for the logins in use: GRANT %s, %s TO <migrating login>; GRANT %s TO <program's login>;\n", RoleOwner, RoleProgram, RoleProgram)
}

// Bootstrap makes the roles, and the logins with their passwords, in the
// database of the URL. It is idempotent and several may run at once. Where the
// login may not make roles and they are not there, the error says what a
// superuser has to run.
func Bootstrap(ctx context.Context, url string, logins Logins) error {
	conn, err := connectOnce(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := checkVersion(ctx, conn); err != nil {
		return err
	}
	ready, err := isReady(ctx, conn)
	if err != nil {
		return err
	}
	if ready && len(logins) == 0 {
		return nil
	}
	statements := slices.Concat(rolesSQL(), databaseSQL(conn.Config().Database), loginsSQL(logins))
	if err := makeRoles(ctx, conn, statements); err != nil {
		return explainSetup(err, conn.Config().Database)
	}
	return nil
}

// oldestVersion is the oldest PostgreSQL that the schema is written for, as
// server_version_num counts.
const oldestVersion = 150000

func checkVersion(ctx context.Context, conn *pgx.Conn) error {
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::integer").Scan(&version); err != nil {
		return failed(err, "asking for the server's version")
	}
	if version < oldestVersion {
		return fmt.Errorf("the database is PostgreSQL %d: 15 or later is needed", version/10000)
	}
	return nil
}

// isReady reports whether roles, grants and River's schema are there already.
func isReady(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var ready bool
	err := conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_roles WHERE rolname = ANY($1)) = 4
		AND EXISTS (SELECT FROM pg_namespace WHERE nspname = $2)
		AND coalesce((SELECT has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles WHERE rolname = $3), false)`,
		[]string{RoleOwner, RoleProgram, RoleRetention, RoleAuditor}, riverSchema, RoleOwner).Scan(&ready)
	return ready, failed(err, "looking for the database's roles")
}

// loginsSQL makes login roles and sets their passwords.
func loginsSQL(logins Logins) []string {
	var statements []string
	for _, login := range slices.Sorted(maps.Keys(logins)) {
		name := pgx.Identifier{login}.Sanitize()
		statements = append(statements, createRole(login, "LOGIN"), fmt.Sprintf("ALTER ROLE %s PASSWORD %s", name, literal(logins[login])))
		for _, role := range memberships[login] {
			statements = append(statements, fmt.Sprintf("GRANT %s TO %s", role, name))
		}
	}
	return statements
}

// literal writes a text as a literal of SQL: ALTER ROLE takes no parameters.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// lockSetup is the advisory lock of everything that changes schema or roles.
const lockSetup = 7310000

// setupTries is how often the statements are begun anew.
const setupTries = 20

// makeRoles begins the statements anew where another changed the same role at the
// same time: roles are the cluster's and the lock is the database's, and PostgreSQL
// refuses the later of two then (XX000, "tuple concurrently updated").
func makeRoles(ctx context.Context, conn *pgx.Conn, statements []string) error {
	for try := 1; ; try++ {
		err := underLock(ctx, conn, statements)
		var server *ServerError
		if try == setupTries || !errors.As(err, &server) || server.SQLState != stateInternal {
			return err
		}
	}
}

// underLock runs statements in one transaction, one process after the other.
func underLock(ctx context.Context, conn *pgx.Conn, statements []string) error {
	return pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockSetup); err != nil {
			return failed(err, "waiting for the setup lock")
		}
		for _, s := range statements {
			if _, err := t.Exec(ctx, s); err != nil {
				return failed(err, "making roles")
			}
		}
		return nil
	})
}

func explainSetup(err error, database string) error {
	var server *ServerError
	if errors.As(err, &server) && server.SQLState == "42501" {
		return fmt.Errorf("the login may not make roles; run this as superuser in the database:\n%s%w", SetupSQL(database), err)
	}
	return err
}

// EnsureDatabase makes a database where there is none of the name. The URL is
// that of a login that may make databases, in any database.
func EnsureDatabase(ctx context.Context, url, name string) error {
	conn, err := connectOnce(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		return failed(err, "looking for the database")
	}
	if there {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42P04" || pg.Code == stateUniqueViolation) {
		return nil // another process made it meanwhile
	}
	return failed(err, "making the database")
}

// connectOnce opens one connection outside the pools.
func connectOnce(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("parsing the database's URL: it is not a PostgreSQL URL") // pgx quotes parts of it
	}
	config.RuntimeParams["application_name"] = "ininjo setup"
	config.RuntimeParams["timezone"] = "UTC"
	conn, err := pgx.ConnectConfig(ctx, config)
	return conn, failed(err, "connecting to database")
}
