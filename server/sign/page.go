// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// page is the signing page of one person on this machine.
type page struct {
	command *Command
	host    string // 127.0.0.1 and the port: the only name it answers to
	prefix  string // the path below which everything stands, drawn for each run
	secret  string // in the address, good once
	cookie  string
	opener  opener // gone as soon as the page was opened
	opened  atomic.Bool
	idle    *time.Timer
	end     context.CancelFunc
	// runs is waited for before the page ends: a signature begun is finished and told.
	runs sync.WaitGroup

	mu      sync.Mutex
	tasks   []*listed
	folder  string
	p12Name string
	p12     []byte // as uploaded, sealed by its password
	running bool
	// changed is closed and drawn anew whenever a task is done.
	changed chan struct{}
}

// listed is a task with the number that its form uses.
type listed struct {
	*task
	ID string
	// picked: the run that goes on signs it.
	picked bool
}

// openPage serves the page until it is closed, idle for too long, or the context ends.
func (c *Command) openPage(ctx context.Context, t Terminal) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return wrong("listen").because(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newPage(c, listener.Addr().String(), cancel)
	defer p.idle.Stop()
	if !c.NoBrowser {
		// Where no file can be written, none can be opened, and the person is told.
		p.opener, _ = newOpener(p.address())
		defer p.removeOpener()
	}
	server := &http.Server{Handler: p.handler(ctx), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintln(t.Out, p.address())
	fmt.Fprintln(t.Err, c.texts.T("cli.page"))
	if !c.NoBrowser && p.opener.browse(ctx) != nil {
		fmt.Fprintln(t.Err, c.texts.T("cli.no-browser"))
	}
	select {
	case err = <-ended:
		return wrong("listen").because(err)
	case <-ctx.Done():
	}
	p.runs.Wait()
	stop, stopped := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stopped()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

func newPage(c *Command, host string, end context.CancelFunc) *page {
	p := &page{command: c, host: host, prefix: draw(), secret: draw(), cookie: draw(), end: end, changed: make(chan struct{})}
	p.idle = time.AfterFunc(c.Idle, p.idled)
	return p
}

// address is what the person opens, once.
func (p *page) address() string { return "http://" + p.host + p.root() + "/open/" + p.secret }

// removeOpener takes the file with the address away: after it was used, and at the end.
func (p *page) removeOpener() {
	// What cannot be removed holds an address that is good no more.
	_ = p.opener.remove()
}

// idled ends the page, unless it is signing just now.
func (p *page) idled() {
	p.mu.Lock()
	running := p.running
	p.mu.Unlock()
	if running {
		p.idle.Reset(p.command.Idle)
		return
	}
	p.end()
}

// draw draws 256 bits, in hex.
func draw() string {
	var raw [32]byte
	rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
