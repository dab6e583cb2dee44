// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// bunConnector opens sessions for bun on a pool whose statements are otherwise
// prepared.
type bunConnector struct{ driver.Connector }

// bunConn sends bun's statements, whose arguments are in their text, by the
// simple protocol: prepared, each would be parsed for one use and kept. What we
// and River send on the same session goes past it, to pgx.
type bunConn struct {
	*stdlib.Conn
	// late is the transaction in which bun's statements run; nil where they run
	// in none of ours.
	late *late
}

// openBun leaves idle sessions to the pool.
func openBun(pool *pgxpool.Pool) *sql.DB {
	sqldb := sql.OpenDB(bunConnector{stdlib.GetPoolConnector(pool)})
	sqldb.SetMaxIdleConns(0)
	return sqldb
}

// Connect takes a session from the pool.
func (c bunConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &bunConn{Conn: conn.(*stdlib.Conn)}, nil // pgx's own connector makes no other
}

// QueryContext runs a statement by the simple protocol.
func (c *bunConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, slices.Insert(args, 0, driver.NamedValue{Value: pgx.QueryExecModeSimpleProtocol}))
}

// ExecContext runs a statement; without arguments it goes by the simple protocol
// by itself.
func (c *bunConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

func (c *bunConn) begin(ctx context.Context) error {
	if c.late == nil {
		return nil
	}
	return c.late.begin(ctx)
}
