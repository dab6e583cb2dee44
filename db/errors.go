// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ininjo/poa"
)

// ErrErased is returned for what was sealed with a data key that has been
// destroyed: the person was erased. To whoever asks, it is not there.
var ErrErased error = &poa.Error{Code: poa.CodeNotFound, Cause: errors.New("the data key was destroyed")}

// unlessErased leaves out of a list what was erased.
func unlessErased(err error) error {
	if errors.Is(err, ErrErased) {
		return nil
	}
	return err
}

// ServerError is what is told of an error of PostgreSQL: its SQLSTATE and the
// names of the table and the constraint. Its message, detail and statement are
// left out, since they can quote values.
type ServerError struct {
	SQLState   string
	Table      string
	Constraint string
}

// Error names the SQLSTATE, the table and the constraint.
func (e *ServerError) Error() string {
	s := "PostgreSQL error " + e.SQLState
	if e.Table != "" {
		s += " at table " + e.Table
	}
	if e.Constraint != "" {
		s += " by constraint " + e.Constraint
	}
	return s
}

// SQLSTATE classes and codes that mean something to the domain.
const (
	stateUniqueViolation = "23505"
	stateSerialization   = "40001"
	stateInternal        = "XX000"
	stateDeadlock        = "40P01"
)

// translate turns an error of a driver into one of poa where there is one for
// it, and never lets PostgreSQL's own text through.
func translate(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, pgx.ErrNoRows):
		return poa.ErrNotFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &pg):
		return translateServer(pg)
	case isConnection(err):
		return &poa.Error{Code: poa.CodeUnavailable, Cause: errors.New("the database cannot be reached")}
	default:
		return err
	}
}

func translateServer(pg *pgconn.PgError) error {
	told := &ServerError{SQLState: pg.Code, Table: pg.TableName, Constraint: pg.ConstraintName}
	switch {
	case pg.Code == stateUniqueViolation && pg.ConstraintName == "accounts_email_hash_key":
		return poa.Faults{{Code: poa.CodeEmailTaken, Field: []string{"email"}}}
	case pg.Code == stateUniqueViolation, pg.Code == stateSerialization, pg.Code == stateDeadlock:
		return &poa.Error{Code: poa.CodeConflict, Cause: told}
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "53"):
		return &poa.Error{Code: poa.CodeUnavailable, Cause: told}
	default:
		return told
	}
}

func isConnection(err error) bool {
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err)
}

// failed wraps an error of the driver with what was being done.
func failed(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, translate(err))
}
