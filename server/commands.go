// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"ininjo/poa"
)

// serveCommand starts everything.
type serveCommand struct {
	Config
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, out *output) error {
	s, err := newService(ctx, c.Config, poa.SystemClock{}, newLogger(c.Config, out.stderr))
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	fmt.Fprintln(out.stdout, s.policy.PublicURL)
	return s.wait(ctx)
}

// workCommand runs jobs only.
type workCommand struct {
	Config
}

// Run works until the context ends.
func (c *workCommand) Run(ctx context.Context, out *output) error {
	if c.DatabaseURL == "" || c.PublicURL == "" {
		return errors.New("work runs beside serve: give it the same --database-url, --keys, --key-store and --public-url")
	}
	s, err := newService(ctx, c.Config, poa.SystemClock{}, newLogger(c.Config, out.stderr))
	if err != nil {
		return err
	}
	if err := s.beginWork(ctx); err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	fmt.Fprintln(out.stdout, "working")
	return s.wait(ctx)
}

// beginWork is begin without requests.
func (s *service) beginWork(ctx context.Context) error {
	if err := s.wire(s.config.PublicURL); err != nil {
		return err
	}
	if err := s.startJobs(ctx); err != nil {
		return err
	}
	return s.recordStart(ctx)
}

// migrateCommand brings the database up to date.
type migrateCommand struct {
	Config
}

// Run migrates. It seals nothing, so it needs no keys.
func (c *migrateCommand) Run(ctx context.Context, out *output) error {
	config, err := c.withPaths()
	if err != nil {
		return err
	}
	config.beside = true
	if err := config.prepareKeys(); err != nil {
		return err
	}
	d, err := openDatabase(ctx, config, newLogger(config, out.stderr))
	if err != nil {
		return err
	}
	if err := d.close(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	fmt.Fprintln(out.stdout, "the database is up to date")
	return nil
}

// staffCommand appoints the first service owner.
type staffCommand struct {
	Add staffAddCommand `cmd:"" help:"Appoint the first service owner; works once."`
}

type staffAddCommand struct {
	Config
	Email string `required:"" help:"E-mail address to sign in with."`
	Name  string `required:"" help:"Name of the person."`
	Role  string `default:"service-owner" enum:"service-owner" help:"The first appointment is the service owner's; the owner appoints the others in the portal."`
	// Declared has no default: without the check nobody is appointed.
	Declared bool   `name:"fitness-declared" help:"Confirms that the person's conduct, career and knowledge were checked (operating rules 7.2.2) and that the person declared what 11.1 wants. Wanted: without it nobody is appointed."`
	Note     string `name:"fitness-note" help:"What was looked at in the check of fitness; kept with the appointment, sealed."`
}

// Run appoints and prints password and second factor, this once.
func (c *staffAddCommand) Run(ctx context.Context, out *output) error {
	if !c.Declared {
		return errors.New("nobody is appointed without a check of fitness: when it was made and declared (operating rules 7.2.2, 11.1), add --fitness-declared")
	}
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	password := newPassword()
	account, err := s.chapters.enrollment.AppointStaff(ctx, poa.System, poa.StaffInput{Name: c.Name, Email: c.Email, Roles: []poa.Role{poa.RoleServiceOwner}, Password: password,
		Fitness: poa.FitnessInput{Items: poa.FitnessItems, Declared: c.Declared, Note: c.Note}})
	if errors.Is(err, poa.ErrForbidden) {
		err = errors.New("there is a service owner already: the owner appoints the others in the portal")
	}
	if err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	fmt.Fprintf(out.stdout, "appointed %s as service owner\npassword (shown once): %s\nsecond factor, base 32 (shown once): %s\n", account.ID, password, account.TOTPSecret)
	return s.stop(ctx)
}

// besideServe wires the rules for a command that may run while serve does.
func (c Config) besideServe(ctx context.Context, out *output) (*service, error) {
	c.beside = true
	s, err := newService(ctx, c, poa.SystemClock{}, newLogger(c, out.stderr))
	if err != nil {
		return nil, err
	}
	if err := s.wire(c.publicURL()); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

func (c Config) publicURL() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://" + c.Addr
}

// newPassword draws 100 bits as five groups of four characters.
func newPassword() string {
	var raw [13]byte
	rand.Read(raw[:])
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))[:20]
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16], text[16:]}, "-")
}

// publishCommand puts a version of a document into the repository.
type publishCommand struct {
	Config
	Kind          string `required:"" enum:"TERMS,OPERATING_RULES,PRICE_LIST,ANNOUNCEMENT" help:"TERMS, OPERATING_RULES, PRICE_LIST or ANNOUNCEMENT."`
	Release       string `required:"" help:"The version's name, e.g. 2.01."`
	Title         string `required:"" help:"Title of the document."`
	EffectiveFrom string `required:"" help:"First day of effect, YYYY-MM-DD."`
	File          string `arg:"" help:"File with the text (UTF-8)." type:"existingfile"`
}

// Run publishes the file.
func (c *publishCommand) Run(ctx context.Context, out *output) error {
	from, err := poa.ParseDate(c.EffectiveFrom)
	if err != nil {
		return fmt.Errorf("reading --effective-from: %w", err)
	}
	body, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading document: %w", err)
	}
	s, err := c.besideServe(ctx, out)
	if err != nil {
		return err
	}
	in := poa.PublishInput{Kind: poa.DocumentKind(c.Kind), Version: c.Release, Title: c.Title, Body: string(body), EffectiveFrom: from}
	if err := s.chapters.enrollment.Publish(ctx, poa.System, in); err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	fmt.Fprintf(out.stdout, "published %s %s\n", c.Kind, c.Release)
	return s.stop(ctx)
}

// versionCommand prints the version.
type versionCommand struct{}

// Run prints it.
func (versionCommand) Run(out *output) error {
	fmt.Fprintln(out.stdout, "ininjo", version())
	return nil
}

// version is the module's version, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return info.Main.Version
}
