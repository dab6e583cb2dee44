// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"ininjo/db/embedded"
)

// session is a superuser's connection that is kept: a server process of its own for
// each statement is most of what a small one costs.
type session struct {
	url  string
	mu   sync.Mutex
	conn *pgx.Conn
}

// use lets f have the connection, which is made anew where it broke or was left in a
// transaction.
func (s *session) use(ctx context.Context, f func(*pgx.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && (s.conn.PgConn().TxStatus() != 'I' || s.conn.Ping(ctx) != nil) {
		s.shut(ctx)
	}
	if s.conn == nil {
		conn, err := pgx.Connect(ctx, s.url)
		if err != nil {
			return fmt.Errorf("connecting: %w", err)
		}
		s.conn = conn
	}
	return f(s.conn)
}

func (s *session) execute(ctx context.Context, statements ...string) error {
	return s.use(ctx, func(conn *pgx.Conn) error {
		for _, each := range statements {
			if _, err := conn.Exec(ctx, each); err != nil {
				return fmt.Errorf("executing: %w", err)
			}
		}
		return nil
	})
}

// close ends it; it may be used again.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut(context.Background())
}

func (s *session) shut(ctx context.Context) {
	if s.conn != nil {
		_ = s.conn.Close(context.WithoutCancel(ctx)) // broken or not, it is gone
		s.conn = nil
	}
}

// once executes statements in a connection of their own.
func once(ctx context.Context, url string, statements ...string) error {
	s := session{url: url}
	defer s.close()
	return s.execute(ctx, statements...)
}

// making and dropping are the shared cluster's sessions in which databases come and
// go, one at a time each: PostgreSQL refuses a template that somebody else copies.
var making, dropping = maintenance(), maintenance()

func maintenance() func(*embedded.Cluster) *session {
	var s session
	var first sync.Once
	return func(c *embedded.Cluster) *session {
		first.Do(func() { s.url = c.SuperuserURL("postgres") })
		return &s
	}
}
