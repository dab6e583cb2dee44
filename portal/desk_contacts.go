// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ininjo/poa"
)

type contactsView struct {
	Search, Channel, Direction, From, Until string
	Party                                   *poa.Party
	Channels                                []poa.ContactChannel
	Directions                              []poa.ContactDirection
	Lines                                   []poa.ContactLine
	Pager                                   pager
	// CSV leads to the period as a file, "" where no period is chosen.
	CSV string
}

// listContacts is the log of contacts (6.1), of one party or overall.
func (p *portal) listContacts(r *request) error {
	filter, view, faults := r.contactFilter()
	if id := filter.PartyID; id != "" {
		party, err := p.Desk.Party(r.Context(), r.actor, id)
		if err != nil {
			return err
		}
		view.Party = &party
	}
	list, err := p.Desk.Contacts(r.Context(), r.actor, filter, r.pageOf())
	if err != nil {
		return err
	}
	view.Lines, view.Pager = list.Items, pagerOf(r, list)
	return p.render(r, "contacts", view, r.asked("contacts", faults)...)
}

// asked is the form of a list's filters where something in them is wrong.
func (r *request) asked(scope string, faults poa.Faults) []*Form {
	if len(faults) == 0 {
		return nil
	}
	return []*Form{{Scope: scope, Values: r.URL.Query(), Faults: faults, Key: poa.NewID("frm_")}}
}

func (r *request) contactFilter() (poa.ContactFilter, contactsView, poa.Faults) {
	q := r.URL.Query()
	var faults poa.Faults
	view := contactsView{Search: q.Get("q"), Channel: q.Get("channel"), Direction: q.Get("direction"), From: q.Get("from"), Until: q.Get("until"),
		Channels: poa.ContactChannels, Directions: poa.ContactDirections}
	filter := poa.ContactFilter{Search: view.Search, PartyID: q.Get("party")}
	if channel := poa.ContactChannel(view.Channel); slices.Contains(poa.ContactChannels, channel) {
		filter.Channel = channel
	}
	if direction := poa.ContactDirection(view.Direction); slices.Contains(poa.ContactDirections, direction) {
		filter.Direction = direction
	}
	filter.From, filter.Until = r.period(&faults)
	if view.From != "" && view.Until != "" && len(faults) == 0 {
		view.CSV = "/staff/contacts.csv?" + q.Encode()
	}
	return filter, view, faults
}

// period reads the first and the last day of a filter; the end is the first
// instant after the last day in Japan.
func (r *request) period(faults *poa.Faults) (from, until time.Time) {
	q := r.URL.Query()
	for name, at := range map[string]*time.Time{"from": &from, "until": &until} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		day, err := poa.ParseDate(text)
		switch {
		case err != nil:
			faults.Add(poa.CodeInvalid, name)
		case name == "from":
			*at = day.Begins()
		default:
			*at = day.Ends()
		}
	}
	return from, until
}

// exportContacts writes a period of the log as CSV.
func (p *portal) exportContacts(r *request) error {
	filter, _, faults := r.contactFilter()
	if err := faults.Err(); err != nil {
		return err
	}
	head := []string{"at_utc", "at_jst", "channel", "direction", "party", "party_name", "person", "about", "case", "entered_by", "entered_at_utc", "id"}
	return p.stream(r, "contacts.csv", head, func(write func(...string)) error {
		return p.Desk.ExportContacts(r.Context(), r.actor, filter, func(lines []poa.ContactLine) error {
			for _, c := range lines {
				write(utcOf(c.At), jst(c.At), string(c.Channel), string(c.Direction), c.PartyID, c.PartyName, c.Person, c.About, c.CaseID, c.EnteredByName, utcOf(c.EnteredAt), c.ID)
			}
			return nil
		})
	})
}

func utcOf(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func jst(t time.Time) string { return t.In(poa.JST).Format("2006-01-02 15:04:05") }

// stream writes a CSV as it comes. What is refused before its first line is a
// page like any other refusal; what breaks later cuts the file off, so that
// nobody takes a part for the whole.
func (p *portal) stream(r *request, name string, head []string, lines func(write func(...string)) error) error {
	var out *csv.Writer
	begin := func() {
		h := r.w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		_, _ = r.w.Write([]byte("\ufeff")) // spreadsheets take UTF-8 for such by it
		out = csv.NewWriter(r.w)
		_ = out.Write(head) // the caller may have gone away
	}
	err := lines(func(cells ...string) {
		if out == nil {
			begin()
		}
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		_ = out.Write(cells)
	})
	if err != nil && out == nil {
		return err
	}
	if out == nil {
		begin()
	}
	out.Flush()
	if err = errors.Join(err, out.Error()); err != nil {
		p.Log.ErrorContext(r.Context(), "export broke off", "file", name, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}

type contactView struct {
	// Search is what a party is looked for by, Found what was found.
	Search string
	Found  []poa.Party
	Party  *poa.Party
	CaseID string
}

func (p *portal) showContact(r *request) error {
	return p.contact(r, r.URL.Query().Get("party"), r.URL.Query().Get("case"))
}

func (p *portal) contact(r *request, partyID, caseID string, forms ...*Form) error {
	if !r.actor.May(poa.MayLogContacts) {
		_, _, err := p.Desk.LogContact(r.Context(), r.actor, poa.ContactInput{}) // says no, and records it
		return err
	}
	view := contactView{Search: r.URL.Query().Get("q"), CaseID: caseID}
	if partyID != "" {
		party, err := p.Desk.Party(r.Context(), r.actor, partyID)
		if err != nil && !errors.Is(err, poa.ErrNotFound) {
			return err
		}
		if err == nil {
			view.Party = &party
		}
	}
	var err error
	if view.Found, err = p.Desk.FindParties(r.Context(), r.actor, view.Search); err != nil {
		return err
	}
	if len(forms) == 0 {
		forms = []*Form{newForm("contact", "channel", string(poa.ContactTelephone), "direction", string(poa.ContactIn), "at", p.Clock.Now().In(poa.JST).Format("2006-01-02T15:04"))}
	}
	return p.render(r, "contact", view, forms...)
}

// logContact enters a contact; a question opens a case.
func (p *portal) logContact(r *request) error {
	in := poa.ContactInput{IdempotencyKey: r.key(), Channel: poa.ContactChannel(r.text("channel")), Direction: poa.ContactDirection(r.text("direction")),
		PartyID: r.text("partyId"), CaseID: r.text("caseId"), Person: r.text("person"), About: r.text("about"), Question: r.text("question") == "yes"}
	if text := r.text("at"); text != "" {
		at, err := time.ParseInLocation("2006-01-02T15:04", text, poa.JST)
		if err != nil {
			return p.contact(r, in.PartyID, in.CaseID, r.refused("contact", poa.Faults{{Code: poa.CodeInvalid, Field: []string{"at"}}}))
		}
		in.At = at.UTC()
	}
	_, caseID, err := p.Desk.LogContact(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.contact(r, in.PartyID, in.CaseID, r.refused("contact", faults))
	}
	switch {
	case err != nil:
		return err
	case caseID != "":
		return r.redirect("/staff/cases/" + caseID + "?done=question-opened")
	case in.CaseID != "":
		return r.redirect("/staff/cases/" + in.CaseID + "?done=contact-logged")
	}
	return r.redirect("/staff/contacts?done=contact-logged")
}
