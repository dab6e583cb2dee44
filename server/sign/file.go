// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// file drafts where that is asked for, shows, signs, submits and prints the acknowledgement. A signed file that is
// there already is submitted as it is: nothing is signed twice.
func (c *Command) file(ctx context.Context, t Terminal) error {
	switch {
	case c.Service == "":
		return wrong("no-service")
	case c.Draft != "" && c.Delegation != "":
		return wrong("draft-or-delegation")
	case len(c.Files) > 0:
		return wrong("files-and-service")
	}
	token, err := readToken(c.TokenFile)
	if err != nil {
		return err
	}
	s, err := newService(c.Service, token, c.texts)
	if err != nil {
		return err
	}
	f, err := c.drafted(ctx, s)
	if err != nil {
		return c.refused(t, err)
	}
	fmt.Fprintln(t.Out, c.texts.T("cli.drafted", "id", f.ID))
	if f.Acknowledgement != nil {
		c.acknowledge(t, f)
		return nil
	}
	file, path, err := c.signed(t, f)
	if err != nil {
		return err
	}
	if err := c.waitForDelegate(ctx, t, s, f); err != nil {
		return c.refused(t, err)
	}
	f, err = s.submit(ctx, f.ID, file)
	var all refusals
	if errors.As(err, &all) && all.has("DELEGATE_CERTIFICATE_MISSING") {
		fmt.Fprintln(t.Err, c.texts.T("cli.delegate-missing", "path", path))
	}
	if err != nil {
		return c.refused(t, err)
	}
	c.acknowledge(t, f)
	return nil
}

func (c *Command) drafted(ctx context.Context, s *service) (filed, error) {
	if c.Delegation != "" {
		return s.delegation(ctx, c.Delegation)
	}
	text, err := readBounded(c.Draft, maxDraftInput)
	if err != nil {
		return filed{}, err
	}
	return s.draft(ctx, text)
}

// signed shows and signs the draft, unless its signed file lies there.
func (c *Command) signed(t Terminal, f filed) (file []byte, path string, err error) {
	d, err := f.file()
	if err != nil {
		return nil, "", err
	}
	path = filepath.Join(c.folder(), signedName(d, c.way()))
	if c.Out != "" && !isDir(c.Out) {
		path = c.Out
	}
	if there(path) && !c.Force {
		fmt.Fprintln(t.Out, c.texts.T("cli.signed-before", "path", path))
		file, err = readBounded(path, maxDraft)
		return file, path, err
	}
	c.show(t, d)
	if err := c.confirm(t, 1); err != nil {
		return nil, "", err
	}
	k, err := c.key(t)
	if err != nil {
		return nil, "", err
	}
	defer k.Close()
	if _, file, err = k.Sign(d, c.way()); err != nil {
		return nil, "", err
	}
	if err := store(path, file, c.Force); err != nil {
		return nil, "", err
	}
	fmt.Fprintln(t.Out, c.texts.T("cli.written", "path", path))
	return file, path, nil
}

// folder is where signed files of a service go: --out, or beside the draft's JSON, or here.
func (c *Command) folder() string {
	switch {
	case c.Out != "":
		return c.Out
	case c.Draft != "":
		return filepath.Dir(c.Draft)
	}
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	return here
}

// waitForDelegate asks now and then whether the delegate handed in a certificate, as long as --wait allows.
func (c *Command) waitForDelegate(ctx context.Context, t Terminal, s *service, f filed) error {
	if c.Wait <= 0 || f.CertifiedAt != "" {
		return nil
	}
	fmt.Fprintln(t.Err, c.texts.T("cli.waiting"))
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	ticks := time.NewTicker(c.poll)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil // the service says what is missing
		case <-ticks.C:
			now, err := s.delegation(ctx, f.ID)
			if err == nil && now.CertifiedAt != "" {
				return nil
			}
			var all refusals
			if errors.As(err, &all) {
				return err
			}
		}
	}
}

// refused prints what the service found, by code and field.
func (c *Command) refused(t Terminal, err error) error {
	var all refusals
	if !errors.As(err, &all) {
		return err
	}
	for _, one := range all {
		field := "-"
		for i, part := range one.Field {
			if i == 0 {
				field = ""
			} else {
				field += "."
			}
			field += part
		}
		fmt.Fprintf(t.Err, "%s\t%s\t%s\n", plain(one.Code), plain(field), plain(one.Message))
	}
	return wrong("service-refused").because(err)
}

func (c *Command) acknowledge(t Terminal, f filed) {
	if f.Acknowledgement == nil {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, f.Acknowledgement.SubmittedAt)
	said := f.Acknowledgement.SubmittedAt
	if err == nil {
		said = at.In(japan).Format("2006-01-02 15:04:05 JST")
	}
	fmt.Fprintln(t.Out, c.texts.T("cli.acknowledged", "number", f.Acknowledgement.Number, "at", said, "state", c.texts.T("state."+f.State)))
}
