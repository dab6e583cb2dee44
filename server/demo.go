// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// demoPast is how far back the demo begins.
const demoPast = 60 * 24 * time.Hour

// demoCommand is serve with a test certification authority and sample parties.
type demoCommand struct {
	Addr    string `default:"127.0.0.1:8080" env:"ININJO_ADDR" help:"Address on loopback; where the port is taken a free one is used and named."`
	DataDir string `default:"demo-data" env:"ININJO_DEMO_DATA_DIR" help:"Folder that demo makes and empties at every start." type:"path"`
	Exit    bool   `help:"End after the walk; the exit status is not 0 if a step failed."`
}

// demo is one run: the service, its parties and what they hold.
type demo struct {
	out     *output
	service *service
	clock   *demoClock
	began   time.Time
	dir     string
	base    string
	terms   string

	ca             *poatest.CA
	stamps         *poatest.TSA
	signer, deputy *poatest.Signer
	mailbox        *mailbox
	hooks          *receiver
	authority      *authority // nil: nobody is asked about certificates
	log            *os.File
	logins         map[string]login
	steps          int

	anyone, delegator, recipient, owner, reception *client
	filings                                        map[string]filing
}

// Run serves the demo and walks the main job.
func (c *demoCommand) Run(ctx context.Context, out *output) error {
	if !loopback(c.Addr) {
		return errors.New("demo listens on loopback only: its secrets are printed")
	}
	clock := newDemoClock(-demoPast)
	d := &demo{out: out, clock: clock, began: clock.machine.Now(), dir: c.DataDir, logins: map[string]login{}, filings: map[string]filing{}}
	defer d.close()
	if err := d.prepare(ctx, c.freeAddr(ctx, out)); err != nil {
		return err
	}
	if err := d.live(ctx); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		return errors.Join(fmt.Errorf("walking the main job: %w", err), d.service.stop(ctx))
	}
	if c.Exit {
		return d.service.stop(ctx)
	}
	return d.service.wait(ctx)
}

// live serves, walks and reports.
func (d *demo) live(ctx context.Context) error {
	if err := d.service.begin(ctx); err != nil {
		return err
	}
	d.base = d.service.policy.PublicURL
	if err := d.walk(ctx); err != nil {
		return err
	}
	return d.report()
}

func (d *demo) prepare(ctx context.Context, addr string) error {
	if err := demoFolder(ctx, d.dir); err != nil {
		return err
	}
	certified := make(chan error, 1)
	go func() { certified <- d.certify() }() // keys take as long to make as PostgreSQL to start
	err := errors.Join(d.open(ctx, addr), <-certified)
	if err != nil {
		return err
	}
	if err := d.openAuthority(ctx); err != nil {
		return err
	}
	d.authority.ask(&d.service.config, d.ca.Root) // read when the service begins, as the roots are
	return nil
}

// open wires the service. The roots are read later, when it begins.
func (d *demo) open(ctx context.Context, addr string) error {
	var err error
	if d.hooks, err = newReceiver(ctx); err != nil {
		return err
	}
	if err := d.openLog(); err != nil {
		return err
	}
	config := Config{Addr: addr, DataDir: d.dir, Roots: filepath.Join(d.dir, "ca", "roots"), PolicyOIDs: []string{poatest.PolicyTest},
		ServiceName: "Ininjo デモ", MailFrom: "no-reply@ininjo.example.jp", WebhookAllow: []string{d.hooks.address}, noticesConfig: noticesConfig{Heartbeat: time.Hour}, demo: true}
	d.mailbox = &mailbox{dir: filepath.Join(d.dir, "mail"), seen: map[string]bool{}}
	d.service, err = newService(ctx, config, d.clock, newLogger(config, d.log))
	return err
}

// close ends what stands beside the service.
func (d *demo) close() {
	if d.hooks != nil {
		_ = d.hooks.server.Close()
	}
	_ = d.authority.close()
	if d.log != nil {
		_ = d.log.Close()
	}
}

// freeAddr names a default port that is taken and takes a free one.
func (c *demoCommand) freeAddr(ctx context.Context, out *output) string {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err == nil {
		_ = listener.Close()
		return c.Addr
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return c.Addr // the start will tell
	}
	fmt.Fprintf(out.stdout, "%s is taken: using a free port\n", c.Addr)
	return "127.0.0.1:0"
}

// openLog keeps the service's log out of the walk's way.
func (d *demo) openLog() error {
	f, err := os.OpenFile(filepath.Join(d.dir, "ininjo.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("opening log: %w", err)
	}
	d.log = f
	return nil
}

// certify makes the test certification authority and the two people's keys.
func (d *demo) certify() error {
	ca, err := poatest.NewCA(d.clock.Now())
	if err != nil {
		return fmt.Errorf("making test authority: %w", err)
	}
	d.ca = ca
	if d.signer, err = ca.Issue(signer); err != nil {
		return fmt.Errorf("issuing certificate: %w", err)
	}
	if d.deputy, err = ca.Issue(deputy); err != nil {
		return fmt.Errorf("issuing certificate: %w", err)
	}
	if d.stamps, err = ca.TimeStampAuthority(); err != nil {
		return fmt.Errorf("making time stamp authority: %w", err)
	}
	roots := filepath.Join(d.dir, "ca", "roots")
	if err := os.MkdirAll(roots, 0o700); err != nil {
		return fmt.Errorf("making folder: %w", err)
	}
	return ca.WriteRoots(roots)
}

// step prints what is done next; ok prints how it was answered.
func (d *demo) step(format string, args ...any) {
	d.steps++
	fmt.Fprintf(d.out.stdout, "%2d. %s\n", d.steps, fmt.Sprintf(format, args...))
}

func (d *demo) ok(format string, args ...any) {
	fmt.Fprintf(d.out.stdout, "    → %s\n", fmt.Sprintf(format, args...))
}

// publish loads the owner's sample documents into the repository.
func (d *demo) publish(ctx context.Context) error {
	for _, document := range sampleDocuments(poa.DateOf(d.clock.Now())) {
		if err := d.service.chapters.enrollment.Publish(ctx, poa.System, document); err != nil {
			return fmt.Errorf("publishing %s: %w", document.Kind, err)
		}
	}
	var terms struct {
		ID string `json:"id"`
	}
	if err := d.anyone.query(ctx, `{ termsInForce { id } }`, nil, "termsInForce", &terms); err != nil {
		return err
	}
	d.terms = terms.ID
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}
