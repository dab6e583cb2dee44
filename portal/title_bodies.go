// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"
	"strconv"

	"ininjo/poa"
)

type bodiesView struct {
	Bodies []poa.ProfessionalBody
	// States tells how connections to registries stand, by qualification.
	States map[poa.Qualification]poa.RegistryState
}

func (p *portal) listBodies(r *request) error {
	bodies, err := p.Titles.Bodies(r.Context(), r.actor)
	if err != nil {
		return err
	}
	view := bodiesView{bodies, map[poa.Qualification]poa.RegistryState{}}
	for _, s := range p.Titles.RegistryStates(r.actor) {
		view.States[s.Qualification] = s
	}
	return p.render(r, "bodies", view)
}

type bodyView struct {
	Newest   poa.ProfessionalBody
	Versions []poa.ProfessionalBody
}

func (p *portal) showBody(r *request) error {
	view, err := p.bodyView(r)
	if err != nil {
		return err
	}
	return p.render(r, "body", view, bodyForm(view.Newest))
}

func (p *portal) bodyView(r *request) (bodyView, error) {
	versions, err := p.Titles.BodyVersions(r.Context(), r.actor, poa.Qualification(r.PathValue("qualification")))
	if err != nil {
		return bodyView{}, err
	}
	if len(versions) == 0 {
		return bodyView{}, poa.ErrNotFound
	}
	return bodyView{versions[0], versions}, nil
}

func bodyForm(b poa.ProfessionalBody) *Form {
	f := newForm("body", "version", strconv.Itoa(b.Version), "nameJa", b.NameJA, "nameEn", b.NameEN, "searchUrl", b.SearchURL, "numberPattern", b.NumberPattern,
		"numberExample", b.NumberExample, "uncertain", b.Uncertain, "telephone", b.Telephone, "usage", b.Usage, "terms", b.Terms,
		"connectorPerSecond", strconv.FormatFloat(b.ConnectorPerSecond, 'g', -1, 64), "handPerDay", strconv.Itoa(b.HandPerDay))
	f.Values["keys"] = nil
	for _, k := range b.Keys {
		f.Values.Add("keys", string(k))
	}
	return f
}

// correctBody records a new version of a body.
func (p *portal) correctBody(r *request) error {
	err := p.Titles.CorrectBody(r.Context(), r.actor, bodyInput(r))
	if faults, ok := faultsOf(err); ok {
		view, err := p.bodyView(r)
		if err != nil {
			return err
		}
		return p.render(r, "body", view, r.refused("body", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect((&url.URL{Path: "/staff/bodies/" + r.PathValue("qualification")}).String() + "?done=body-corrected")
}

// bodyInput reads the form; a figure that is none becomes 0, which is refused at
// its field.
func bodyInput(r *request) poa.BodyInput {
	version, _ := strconv.Atoi(r.text("version"))
	perDay, _ := strconv.Atoi(r.text("handPerDay"))
	perSecond, err := strconv.ParseFloat(r.text("connectorPerSecond"), 64)
	if err != nil || !(perSecond > 0) { // NaN, too
		perSecond = 0
	}
	in := poa.BodyInput{IdempotencyKey: r.key(), Qualification: poa.Qualification(r.PathValue("qualification")), Version: version, NameJA: r.text("nameJa"), NameEN: r.text("nameEn"),
		SearchURL: r.text("searchUrl"), NumberPattern: r.text("numberPattern"), NumberExample: r.text("numberExample"), Uncertain: r.text("uncertain"), Telephone: r.text("telephone"),
		Usage: r.text("usage"), Terms: r.text("terms"), ConnectorPerSecond: perSecond, HandPerDay: perDay}
	for _, k := range r.PostForm["keys"] {
		in.Keys = append(in.Keys, poa.TitleKey(k))
	}
	return in
}

// standings are the options of what was seen, titleKeys those of what to type.
func (t translator) standings(f Field) Field { return labelled(f, t, "look", poa.TitleStandings) }

func (t translator) titleKeys(f Field) Field { return labelled(f, t, "title-key", poa.TitleKeys) }
