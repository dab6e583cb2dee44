// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// fastTimeout bounds a shutdown that rolls open transactions back and
	// writes a checkpoint; after it the next start recovers instead.
	fastTimeout      = 10 * time.Second
	immediateTimeout = 3 * time.Second
)

// Cluster is a running private PostgreSQL.
type Cluster struct {
	dataDir, pgDir string
	password       string
	at             address
	log            *serverLog
	child          *process
	lock           *os.File
	stop           sync.Once
}

// URL is the connection URL of a login role, whose password must be the one
// Password gives.
func (c *Cluster) URL(role, database string) string {
	return c.at.url(role, c.Password(role), database)
}

// SuperuserURL is the connection URL of the cluster's superuser. Only making
// roles and databases needs it.
func (c *Cluster) SuperuserURL(database string) string {
	return c.at.url(superuser, c.password, database)
}

// Password is the password to give a login role: derived from the superuser's
// secret, so that it need not be kept and is the same after a restart.
func (c *Cluster) Password(role string) string {
	mac := hmac.New(sha256.New, []byte(c.password))
	mac.Write([]byte("ininjo private cluster role\x00" + role))
	return hex.EncodeToString(mac.Sum(nil))
}

// Done is closed when the server has ended, by Stop or by itself.
func (c *Cluster) Done() <-chan struct{} {
	if c.child == nil { // attached
		return nil
	}
	return c.child.done
}

// Stop shuts the server down: fast first, at once when that takes too long or
// ctx ends. It returns when the server is gone; further calls do nothing.
func (c *Cluster) Stop(ctx context.Context) error {
	if c.child == nil { // attached: another process's to stop
		return nil
	}
	var err error
	c.stop.Do(func() {
		clean := c.child.end(ctx)
		c.log.close()
		err = errors.Join(clean, forgetSocketDir(c.dataDir), c.lock.Close())
	})
	if err != nil {
		return fmt.Errorf("stopping the private PostgreSQL: %w", err)
	}
	return nil
}

// end stops the child and waits until it is gone.
func (p *process) end(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	asked := p.askFast()
	if p.gone(ctx.Done(), fastTimeout) {
		return nil
	}
	asked = errors.Join(asked, p.askImmediate())
	if p.gone(nil, immediateTimeout) {
		return asked
	}
	killed := p.cmd.Process.Kill()
	<-p.done
	return errors.Join(asked, killed)
}

func (p *process) gone(cancelled <-chan struct{}, within time.Duration) bool {
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case <-p.done:
		return true
	case <-cancelled:
		return false
	case <-limit.C:
		return false
	}
}

// takeFolder locks the data folder for this process. The kernel frees the lock
// when the process ends, however it ends.
func takeFolder(dataDir string) (*os.File, error) {
	path := filepath.Join(dataDir, "postgresql.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the data folder's lock: %w", err)
	}
	if err := lock(file); err != nil {
		holder := make([]byte, 20)
		n, _ := file.ReadAt(holder, 0) // the number only helps; without it the refusal stands
		_ = file.Close()
		return nil, fmt.Errorf("%w: %s is used by another process (%s): stop it, or choose another data folder",
			ErrInUse, dataDir, strings.TrimSpace(string(holder[:n])))
	}
	if err := errors.Join(file.Truncate(0), note(file)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("writing the data folder's lock: %w", err)
	}
	return file, nil
}

func note(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
