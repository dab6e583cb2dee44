// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"strconv"
	"time"

	"ininjo/poa/document"
)

// Item is one line of what will be signed: its label and what stands there, one or several.
type Item struct {
	Label  string
	Values []string
}

// japan is where the instants of a draft are shown.
var japan = time.FixedZone("JST", 9*60*60)

// Items lists every item of table 4-1 as the file has it, the empty ones too: what is not there was not forgotten.
// A challenge has none, its text is shown whole.
func (d Draft) Items(t Texts) []Item {
	if d.Format == nil {
		return nil
	}
	c := d.Content
	one := func(key, value string) Item {
		if value == "" {
			value = t.T("item.empty")
		}
		return Item{t.T("item." + key), []string{value}}
	}
	all := []Item{one("delegation-id", c.DelegationID)}
	all = append(all, mandatorItems(t, c.Mandator, one)...)
	all = append(all,
		one("delegate-name", c.Delegate.Name), one("delegate-title", c.Delegate.Title), one("delegate-qualification", qualification(t, c.Delegate.Qualification)),
		one("delegate-address", c.Delegate.Address), one("delegate-identification", c.Delegate.IdentificationID),
		Item{t.T("item.powers"), c.Powers})
	if len(c.Limits) > 0 {
		all = append(all, Item{t.T("item.limits"), c.Limits})
	} else {
		all = append(all, Item{t.T("item.limits"), []string{t.T("item.no-limits")}})
	}
	return append(all,
		one("sub-delegation", t.T("item.sub-delegation."+strconv.FormatBool(c.SubDelegation))),
		one("valid-from", c.ValidFrom), one("valid-through", c.ValidThrough),
		one("service-name", c.Service.Name), one("policy-url", c.Service.PolicyURL), one("policy-oid", c.Service.PolicyOID), one("validity-url", c.Service.ValidityURL),
		one("status-list", t.T("item.status-list.place", "uri", c.Status.ListURI, "index", strconv.Itoa(c.Status.Index))),
		one("drafted-at", c.DraftedAt.In(japan).Format("2006-01-02 15:04:05 JST")))
}

func mandatorItems(t Texts, m document.Mandator, one func(key, value string) Item) []Item {
	all := []Item{one("mandator-kind", t.T("item.mandator-kind."+m.Kind))}
	if m.Kind == document.KindSoleProprietor {
		return append(all, one("business-name", m.BusinessName), one("person-name", m.PersonName), one("business-address", m.BusinessAddress), one("birth-date", m.BirthDate))
	}
	return append(all, one("corporate-number", m.CorporateNumber), one("mandator-name", m.Name), one("head-office", m.HeadOffice),
		one("representative-title", m.RepresentativeTitle), one("representative-name", m.RepresentativeName))
}

// qualification is the title's name with its code, the code being what is signed.
func qualification(t Texts, code string) string {
	if code == "" {
		return ""
	}
	return t.T("qualification."+code) + " (" + code + ")"
}
