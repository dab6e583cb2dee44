// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ininjo/poa"
)

// Command is `ininjo sign`.
type Command struct {
	Files        []string      `arg:"" optional:"" name:"file" help:"Drafted files (XML or PDF), a delegate's challenge, or a folder, every draft of which is signed. Without any a page opens in the browser."`
	P12          string        `name:"p12" placeholder:"FILE" help:"PKCS #12 file (.p12, .pfx) with certificate and key."`
	PasswordFile string        `placeholder:"FILE" help:"File with the password of --p12. Default: it is asked for."`
	Out          string        `short:"o" placeholder:"OUT" help:"Signed file, or a folder for it. Default: beside the draft (.p7m, .p7s, -signed.pdf)."`
	Detached     bool          `help:"Sign XML and challenges beside the file (.p7s), not around it (.p7m)."`
	PSS          bool          `name:"pss" help:"Sign with RSA-PSS in place of PKCS #1 v1.5."`
	Yes          bool          `short:"y" help:"Sign what is shown without asking."`
	Force        bool          `help:"Sign again and replace signed files that are there."`
	Module       string        `name:"pkcs11-module" placeholder:"PATH" help:"PKCS #11 module of the card. Default: OpenSC's usual places."`
	ListCards    bool          `help:"List cards, slots and certificates, and the tries left."`
	Slot         int           `default:"-1" help:"Slot of --list-cards to sign with. Default: the only one, or JPKI's signing slot."`
	KeyID        string        `placeholder:"HEX" help:"Key on the card by its ID (JPKI: 02). Default: the only one that may sign."`
	PINFile      string        `name:"pin-file" placeholder:"FILE" help:"File with the card's PIN. Default: it is asked for."`
	LastTry      bool          `help:"Offer the PIN though it is the last try before the card is blocked."`
	Service      string        `env:"ININJO_SERVICE" placeholder:"URL" help:"Address of the service, for --draft and --delegation."`
	TokenFile    string        `placeholder:"FILE" help:"File with the API token. Default: the environment variable ININJO_TOKEN."`
	Draft        string        `placeholder:"FILE" help:"JSON of a DraftDelegationInput: drafts it at --service, signs and submits it."`
	Delegation   string        `placeholder:"ID" help:"Signs and submits this draft of --service."`
	Wait         time.Duration `default:"0s" help:"How long to wait for the delegate's certificate before submitting."`
	NoBrowser    bool          `help:"Print the page's address and open no browser."`
	Idle         time.Duration `default:"15m" help:"The page ends after so long without use."`

	clock poa.Clock
	texts Texts
	poll  time.Duration
}

// Sign runs the command in the language of the environment; an error tells its reader the way out.
func (c *Command) Sign(ctx context.Context, t Terminal, clock poa.Clock) error {
	c.clock, c.texts = clock, textsOfSystem()
	if c.poll == 0 {
		c.poll = 2 * time.Second
	}
	err := c.choose(ctx, t)
	var p *problem
	if errors.As(err, &p) {
		return errors.New(c.texts.Problem(err))
	}
	return err
}

func (c *Command) choose(ctx context.Context, t Terminal) error {
	switch {
	case c.ListCards:
		return c.list(t)
	case c.Draft != "" || c.Delegation != "":
		return c.file(ctx, t)
	case len(c.Files) == 0:
		return c.openPage(ctx, t)
	}
	return c.signFiles(ctx, t)
}

func (c *Command) way() Way { return Way{Detached: c.Detached, PSS: c.PSS, At: c.clock.Now()} }

// signFiles shows, asks once, takes the secret once, signs all and tells of each.
func (c *Command) signFiles(ctx context.Context, t Terminal) error {
	if c.Out != "" && len(c.Files) > 1 && !isDir(c.Out) {
		return wrong("out-folder")
	}
	var tasks []*task
	for _, path := range c.Files {
		found, err := gather(path, c.way(), c.Force)
		if err != nil {
			return err
		}
		tasks = append(tasks, found...)
	}
	for _, each := range tasks {
		if each.Outcome == outcomeWaiting {
			c.show(t, each.Draft)
		}
	}
	if waiting := count(tasks, outcomeWaiting); waiting > 0 {
		if err := c.confirm(t, waiting); err != nil {
			return err
		}
		k, err := c.key(t)
		if err != nil {
			return err
		}
		defer k.Close()
		fmt.Fprintln(t.Out, c.texts.T("cli.signer", "name", k.Holder()))
		c.run(ctx, t, tasks, k)
	} else {
		c.run(ctx, t, tasks, nil)
	}
	return c.summary(t, tasks)
}

func (c *Command) run(ctx context.Context, t Terminal, tasks []*task, k *Key) {
	n := 0
	signAll(ctx, tasks, k, c.way(), c.place, func(each *task) {
		n++
		line := fmt.Sprintf("[%d/%d] %s: %s", n, len(tasks), plain(each.Name), c.texts.T("outcome."+each.Outcome))
		if each.Outcome == outcomeSigned {
			line += " → " + plain(each.Target)
		}
		if each.Err != nil {
			line += " – " + c.texts.Problem(each.Err)
		}
		fmt.Fprintln(t.Out, line)
	})
}

// place writes the signed file beside the draft, or where --out says.
func (c *Command) place(each *task, name string, file []byte) error {
	path := filepath.Join(filepath.Dir(each.Path), name)
	switch {
	case c.Out != "" && isDir(c.Out):
		path = filepath.Join(c.Out, name)
	case c.Out != "":
		path = c.Out
	}
	each.Target = path
	return store(path, file, c.Force)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (c *Command) summary(t Terminal, tasks []*task) error {
	counts := []string{}
	for _, outcome := range []string{outcomeSigned, outcomeLeft, outcomeSkipped, outcomeFailed} {
		counts = append(counts, outcome, number(count(tasks, outcome)))
	}
	fmt.Fprintln(t.Out, c.texts.T("cli.summary", counts...))
	if failed := count(tasks, outcomeFailed); failed > 0 {
		return wrong("some-failed", "n", number(failed))
	}
	return nil
}

// show prints all that will be signed.
func (c *Command) show(t Terminal, d Draft) {
	fmt.Fprintf(t.Out, "\n%s\n", c.texts.T("cli.shows", "name", plain(d.Name), "format", c.texts.T("format."+d.kind())))
	fmt.Fprintf(t.Out, "  SHA-256: %s\n", d.SHA256())
	if d.Format == nil {
		fmt.Fprintf(t.Out, "  | %s\n", strings.ReplaceAll(strings.TrimRight(d.Text, "\n"), "\n", "\n  | "))
		return
	}
	for _, item := range d.Items(c.texts) {
		fmt.Fprintf(t.Out, "  %s: ", item.Label)
		for i, value := range item.Values {
			if len(item.Values) > 1 {
				fmt.Fprintf(t.Out, "\n    %d. ", i+1)
			}
			fmt.Fprint(t.Out, value)
		}
		fmt.Fprintln(t.Out)
	}
}

// plain keeps a file's name from steering the terminal.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) || r == '\n' {
			return '?'
		}
		return r
	}, name)
}

// confirm asks before a PIN is spent.
func (c *Command) confirm(t Terminal, n int) error {
	if c.Yes {
		return nil
	}
	fmt.Fprintf(t.Err, "\n%s ", c.texts.T("cli.ask", "n", number(n)))
	line, err := bufio.NewReader(t.In).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	if answer == "" && err != nil {
		return wrong("no-answer")
	}
	if answer != "y" && answer != "yes" && answer != "はい" {
		return wrong("declined")
	}
	return nil
}

// key opens the PKCS #12 file or the card.
func (c *Command) key(t Terminal) (*Key, error) {
	if c.P12 != "" {
		file, err := readBounded(c.P12, maxPKCS12)
		if err != nil {
			return nil, err
		}
		password, err := t.readSecret(c.PasswordFile, c.texts.T("cli.password", "name", filepath.Base(c.P12))+" ", "--password-file")
		if err != nil {
			return nil, err
		}
		defer wipe(password)
		return openPKCS12(filepath.Base(c.P12), file, password, c.clock.Now())
	}
	if !hasPKCS11 {
		return nil, wrong("which-file")
	}
	card, err := c.card()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(t.Err, c.texts.T("cli.card", "label", plain(card.Label), "slot", number(int(card.Slot))))
	fmt.Fprintln(t.Err, card.TriesLeft(c.texts))
	if err := card.mayTry(c.LastTry); err != nil {
		return nil, err
	}
	var pin []byte
	if !card.Pinpad {
		if pin, err = t.readSecret(c.PINFile, c.texts.T("cli.pin")+" ", "--pin-file"); err != nil {
			return nil, err
		}
		defer wipe(pin)
	}
	return openCard(card, pin, c.KeyID, c.clock.Now())
}

func (c *Command) card() (Card, error) {
	path, err := findModule(c.Module)
	if err != nil {
		return Card{}, err
	}
	cards, err := listCards(path)
	if err != nil {
		return Card{}, err
	}
	return pickCard(cards, c.Slot)
}

// list prints what is in the readers.
func (c *Command) list(t Terminal) error {
	if !hasPKCS11 {
		return wrong("no-pkcs11")
	}
	path, err := findModule(c.Module)
	if err != nil {
		return err
	}
	cards, err := listCards(path)
	if err != nil {
		return err
	}
	if len(cards) == 0 {
		return wrong("no-card")
	}
	for _, card := range cards {
		fmt.Fprintf(t.Out, "%s\n  %s\n", c.texts.T("cli.slot", "slot", number(int(card.Slot)), "label", plain(card.Label), "reader", plain(card.Reader)), card.TriesLeft(c.texts))
		for _, certificate := range card.Certificates {
			fmt.Fprintf(t.Out, "  %s\n", c.texts.T("cli.certificate", "id", certificate.ID, "name", plain(certificate.Holder)))
		}
		if len(card.Certificates) == 0 {
			fmt.Fprintf(t.Out, "  %s\n", c.texts.T("cli.no-certificate"))
		}
	}
	return nil
}
