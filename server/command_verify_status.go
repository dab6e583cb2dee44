// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ininjo/poa"
	"ininjo/poa/document"
	"ininjo/poa/locale"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

// maxListFile bounds the file of a status list; one that cannot be compressed
// takes half a MiB.
const maxListFile = 2 << 20

// skew is by how much the clock of whoever verifies may be behind the service's.
const skew = time.Minute

type verifyStatusCommand struct {
	Document string    `arg:"" optional:"" help:"The delegation's file, signed or drafted: it names its list and its place in it. Its own signature is not verified here." type:"path"`
	List     string    `required:"" help:"File with the status list (compact JWS), as the address in the delegation's file serves it; - reads standard input."`
	JWKS     string    `name:"jwks" required:"" help:"File with the service's key set, from /.well-known/jwks.json." type:"path"`
	Index    *int      `help:"Place in the list, in place of a file."`
	At       time.Time `help:"Verify as of this instant (RFC 3339) instead of now." format:"2006-01-02T15:04:05Z07:00"`
	JSON     bool      `name:"json" help:"Print as JSON."`
}

// verifiedStatus is what --json prints.
type verifiedStatus struct {
	List         string    `json:"list"`
	Index        int       `json:"index"`
	DelegationID string    `json:"delegationId,omitempty"`
	Status       string    `json:"status"`
	IssuedAt     time.Time `json:"issuedAt"`
	ExpiresAt    time.Time `json:"expiresAt"`
}

// Run verifies the list and prints how the entry stands. It fails unless that is
// VALID: a script may go by its status.
func (c *verifyStatusCommand) Run(out *output, in *verifyCommand) error {
	l := in.language()
	if (c.Document == "") == (c.Index == nil) {
		return errors.New(l.told("list.which"))
	}
	token, err := c.token(l)
	if err != nil {
		return err
	}
	found := verifiedStatus{List: token.URI, IssuedAt: token.IssuedAt, ExpiresAt: token.ExpiresAt}
	if found.Index, found.DelegationID, err = c.place(l, token); err != nil {
		return err
	}
	status := token.Entries.At(found.Index)
	found.Status = status.String()
	if c.JSON {
		err = printJSON(out, found)
	} else {
		printStatus(out.stdout, string(l), found)
	}
	if err == nil && status != statuslist.Valid {
		err = errors.New(l.told("list.not-valid"))
	}
	return err
}

// token reads and verifies the list, and that it holds at the moment.
func (c *verifyStatusCommand) token(l tongue) (statuslist.Token, error) {
	text, err := readBounded(l, c.List, maxListFile)
	if err != nil {
		return statuslist.Token{}, err
	}
	keys, err := readBounded(l, c.JWKS, maxKeySet)
	if err != nil {
		return statuslist.Token{}, err
	}
	token, err := statuslist.Verify(strings.TrimSpace(string(text)), keys)
	if err != nil {
		return statuslist.Token{}, whyNoList(l, err)
	}
	at := c.At
	if at.IsZero() {
		at = poa.SystemClock{}.Now()
	}
	switch {
	case !at.Before(token.ExpiresAt):
		return statuslist.Token{}, errors.New(l.told("list.expired", "at", japanese(token.ExpiresAt)))
	case token.IssuedAt.After(at.Add(skew)):
		return statuslist.Token{}, errors.New(l.told("list.early", "at", japanese(token.IssuedAt)))
	}
	return token, nil
}

// place is the entry that is asked for, and of which delegation it is.
func (c *verifyStatusCommand) place(l tongue, token statuslist.Token) (int, string, error) {
	if c.Index != nil {
		if *c.Index < 0 || *c.Index >= statuslist.Size {
			return 0, "", errors.New(l.told("list.index", "bound", strconv.Itoa(statuslist.Size-1)))
		}
		return *c.Index, "", nil
	}
	file, err := readBounded(l, c.Document, document.MaxSigned)
	if err != nil {
		return 0, "", err
	}
	content, err := document.Find(file)
	switch {
	case err != nil:
		return 0, "", fmt.Errorf("%s (%w)", l.told("list.no-delegation", "file", c.Document), err)
	case content.Status.ListURI != token.URI:
		return 0, "", errors.New(l.told("list.another", "file", c.Document, "uri", content.Status.ListURI, "list", token.URI))
	case content.Status.Index < 0 || content.Status.Index >= statuslist.Size:
		return 0, "", errors.New(l.told("list.no-delegation", "file", c.Document))
	}
	return content.Status.Index, content.DelegationID, nil
}

func printStatus(to io.Writer, language string, s verifiedStatus) {
	line := func(name, value string) {
		fmt.Fprintf(to, "%s: %s\n", locale.Text(language, "list."+name, nil), value)
	}
	fmt.Fprintln(to, locale.Text(language, "list.verified", nil))
	line("uri", s.List)
	line("index", strconv.Itoa(s.Index))
	if s.DelegationID != "" {
		line("delegation", s.DelegationID)
	}
	line("status", labelled(language, "list.status.", s.Status))
	line("issued-at", japanese(s.IssuedAt))
	line("expires-at", japanese(s.ExpiresAt))
	if s.DelegationID != "" {
		fmt.Fprintln(to, locale.Text(language, "list.not-the-file", nil))
	}
}

// whyNoList says in words why a status list does not verify.
func whyNoList(l tongue, err error) error {
	var signed *receipt.Fault
	var listed *statuslist.Fault
	why := ""
	switch {
	case errors.As(err, &signed):
		why = string(signed.Kind)
	case errors.As(err, &listed):
		why = string(listed.Kind)
	}
	if key := "list.why." + why; locale.Has(string(l), "verify."+key) {
		why = l.told(key)
	}
	return fmt.Errorf("%s (%w)", l.told("list.refused", "why", why), err)
}
