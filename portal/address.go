// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"
	"strings"

	"ininjo/poa"
)

func (p *portal) listAddresses(r *request) error {
	return p.addresses(r, newForm("address", "language", r.lang))
}

func (p *portal) addresses(r *request, f *Form) error {
	addresses, err := p.Notifier.Addresses(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "addresses", addresses, f)
}

func addressInput(r *request) poa.AddressInput {
	in := poa.AddressInput{IdempotencyKey: r.key(), Email: r.text("email"), Language: r.text("language"), Subscribed: r.text("subscribed") == "yes"}
	for _, t := range r.PostForm["types"] {
		in.Types = append(in.Types, poa.NoticeType(t))
	}
	return in
}

// addAddress adds an address; a link goes there to confirm it.
func (p *portal) addAddress(r *request) error {
	_, err := p.Notifier.AddAddress(r.Context(), r.actor, addressInput(r))
	if faults, ok := faultsOf(err); ok {
		return p.addresses(r, r.refused("address", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/addresses?done=address-added")
}

func (p *portal) ownAddress(r *request) (poa.MailAddress, error) {
	addresses, err := p.Notifier.Addresses(r.Context(), r.actor)
	if err != nil {
		return poa.MailAddress{}, err
	}
	for _, a := range addresses {
		if a.ID == r.PathValue("id") {
			return a, nil
		}
	}
	return poa.MailAddress{}, poa.ErrNotFound
}

func (p *portal) showAddress(r *request) error { return p.addressPage(r, "address", nil) }

func (p *portal) addressPage(r *request, view string, f *Form) error {
	a, err := p.ownAddress(r)
	if err != nil {
		return err
	}
	if f == nil {
		f = newForm("address")
		f.Values = url.Values{"language": {a.Language}}
		for _, t := range a.Types {
			f.Values.Add("types", string(t))
		}
		if a.UnsubscribedAt.IsZero() {
			f.Values.Set("subscribed", "yes")
		}
	}
	return p.render(r, view, a, f)
}

func (p *portal) updateAddress(r *request) error {
	in := addressInput(r)
	in.ID, in.Email = r.PathValue("id"), ""
	err := p.Notifier.UpdateAddress(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.addressPage(r, "address", r.refused("address", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/addresses?done=own-saved")
}

// askAddress sends the link to confirm once more.
func (p *portal) askAddress(r *request) error {
	if err := p.Notifier.AskAgain(r.Context(), r.actor, r.key(), r.PathValue("id")); err != nil {
		return err
	}
	return r.redirect("/addresses?done=address-added")
}

func (p *portal) showRemoveAddress(r *request) error {
	return p.addressPage(r, "address-remove", newForm("address-remove"))
}

func (p *portal) removeAddress(r *request) error {
	err := p.Notifier.RemoveAddress(r.Context(), r.actor, r.key(), r.PathValue("id"))
	if faults, ok := faultsOf(err); ok {
		return p.addressPage(r, "address-remove", r.refused("address-remove", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/addresses?done=address-removed")
}

// confirmAddress confirms the address that a link was mailed to.
func (p *portal) confirmAddress(r *request) error {
	err := p.Notifier.ConfirmAddress(r.Context(), poa.Anonymous(r.lang), r.PathValue("token"))
	if _, over := faultsOf(err); over {
		return p.linkOver(r)
	}
	if err != nil {
		return err
	}
	return r.redirect("/confirmed")
}

func (p *portal) showConfirmed(r *request) error { return p.render(r, "word", "confirmed") }

// showUnsubscribe asks by a button: programs that follow links of a mail must
// not unsubscribe its reader.
func (p *portal) showUnsubscribe(r *request) error {
	token := r.PathValue("token")
	if !p.Notifier.MayUnsubscribe(token) {
		return p.linkOver(r)
	}
	r.w.Header().Set("Cache-Control", "no-store")
	return p.render(r, "unsubscribe", "/unsubscribe/"+token)
}

// unsubscribe ends notices to an address: by the page's button, or by one click
// in a mail program, which sends no cookie and shows no page (RFC 8058).
func (p *portal) unsubscribe(r *request) error {
	err := p.Notifier.Unsubscribe(r.Context(), r.PathValue("token"))
	if poa.CodeOf(err) == poa.CodeNotFound && err != nil {
		return p.linkOver(r)
	}
	if err != nil {
		return err
	}
	if strings.EqualFold(r.PostForm.Get("List-Unsubscribe"), "One-Click") {
		r.w.WriteHeader(http.StatusOK)
		return nil
	}
	return p.render(r, "word", "unsubscribed")
}
