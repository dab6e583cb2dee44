// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"regexp"
	"time"

	"ininjo/poa"
)

type titlesView struct {
	// Waiting tells which list it is: what waits for a person, or what is checked.
	Waiting bool
	Rows    []poa.Title
	Pager   pager
	Now     time.Time
}

// listTitles lists the titles that wait for a person, or those that are checked
// with the day on which they are asked for again.
func (p *portal) listTitles(r *request) error {
	waiting := r.URL.Query().Get("show") != "checked"
	list, err := p.Titles.TitleQueue(r.Context(), r.actor, waiting, r.pageOf())
	if err != nil {
		return err
	}
	return p.render(r, "titles", titlesView{waiting, list.Items, pagerOf(r, list), p.Clock.Now()})
}

type titleView struct {
	poa.TitleCase
	Keys []typed
}

// typed is a key to type on the body's page; Text is empty where the delegation
// does not tell it.
type typed struct {
	Key  poa.TitleKey
	Text string
}

var prefecture = regexp.MustCompile(`^\s*(東京都|北海道|京都府|大阪府|\p{Han}{2,3}県)`)

// keysOf are the keys that the body's page asks for, in its order.
func keysOf(c poa.TitleCase) []typed {
	who := c.Delegation.Contents.Delegate
	var keys []typed
	for _, k := range c.Body.Keys {
		text := ""
		switch k {
		case poa.KeyNumber:
			text = who.Identification
		case poa.KeyName:
			text = who.Name
		case poa.KeyPrefecture:
			if found := prefecture.FindStringSubmatch(who.Address); found != nil {
				text = found[1]
			}
		case poa.KeyKana, poa.KeyOffice, poa.KeyAssociation: // not in the delegation
		}
		keys = append(keys, typed{k, text})
	}
	return keys
}

func (p *portal) showTitle(r *request) error {
	c, err := p.Titles.TitleCase(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "title", titleView{c, keysOf(c)}, newForm("look", "seenOn", poa.DateOf(p.Clock.Now()).String(), "page", c.Body.SearchURL))
}

// recordLook records what was seen.
func (p *portal) recordLook(r *request) error {
	var faults poa.Faults
	in := poa.LookInput{IdempotencyKey: r.key(), DelegationID: r.PathValue("id"), Standing: poa.TitleStanding(r.text("standing")), Number: r.text("number"), Name: r.text("name"),
		Office: r.text("office"), From: r.date("from", &faults), Until: r.date("until", &faults), SeenOn: r.date("seenOn", &faults), Page: r.text("page"),
		AnsweredBy: r.text("answeredBy"), Dialled: r.text("dialled"), SamePerson: r.text("samePerson") == "yes", Engaged: r.text("engaged") == "yes",
		EngagedHow: r.text("engagedHow"), EngagedBy: r.text("engagedBy"), Remark: r.text("remark")}
	err := faults.Err()
	if err == nil {
		err = p.Titles.Look(r.Context(), r.actor, in)
	}
	if found, ok := faultsOf(err); ok {
		c, err := p.Titles.TitleCase(r.Context(), r.actor, r.PathValue("id"))
		if err != nil {
			return err
		}
		return p.render(r, "title", titleView{c, keysOf(c)}, r.refused("look", found))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/titles/" + r.PathValue("id") + "?done=title-looked")
}
