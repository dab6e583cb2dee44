// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"net/url"

	"ininjo/poa"
)

type announcementsView struct {
	Items []poa.AnnouncementText
	Pager pager
}

func (p *portal) listAnnouncements(r *request) error {
	list, err := p.Notifier.Announcements(r.Context(), r.actor, r.pageOf())
	if err != nil {
		return err
	}
	return p.render(r, "announcements", announcementsView{list.Items, pagerOf(r, list)})
}

// showNewAnnouncement is the form of a new one, filled in from an old one where
// the address names it.
func (p *portal) showNewAnnouncement(r *request) error {
	f := newForm("announcement", "kind", string(poa.AnnounceGeneral), "audience", string(poa.AudienceBoth))
	if from := r.URL.Query().Get("from"); from != "" {
		old, err := p.Notifier.Announcement(r.Context(), r.actor, from)
		if err != nil && !errors.Is(err, poa.ErrNotFound) {
			return err
		}
		if err == nil {
			f.Values = valuesOf(old.AnnouncementText)
		}
	}
	return p.newAnnouncement(r, f)
}

func valuesOf(t poa.AnnouncementText) url.Values {
	values := url.Values{"kind": {string(t.Kind)}, "audience": {string(t.Audience)}, "titleJa": {t.TitleJa}, "titleEn": {t.TitleEn}, "textJa": {t.TextJa}, "textEn": {t.TextEn}}
	if t.Letters {
		values.Set("letters", "yes")
	}
	if !t.ClosesOn.IsZero() {
		values.Set("closesOn", t.ClosesOn.String())
	}
	return values
}

func (p *portal) newAnnouncement(r *request, f *Form) error {
	if !r.actor.May(poa.MayPrepareAnnouncements) {
		_, err := p.Notifier.PrepareAnnouncement(r.Context(), r.actor, poa.AnnouncementInput{}) // says no, and records it
		return err
	}
	return p.render(r, "announcement-new", nil, f)
}

func (p *portal) prepareAnnouncement(r *request) error {
	var faults poa.Faults
	in := poa.AnnouncementInput{IdempotencyKey: r.key(), Kind: poa.AnnouncementKind(r.text("kind")), Audience: poa.Audience(r.text("audience")), Letters: r.text("letters") == "yes",
		TitleJa: r.text("titleJa"), TitleEn: r.text("titleEn"), TextJa: r.text("textJa"), TextEn: r.text("textEn"), ClosesOn: r.date("closesOn", &faults)}
	if len(faults) > 0 {
		return p.newAnnouncement(r, r.refused("announcement", faults))
	}
	id, err := p.Notifier.PrepareAnnouncement(r.Context(), r.actor, in)
	if faults, ok := faultsOf(err); ok {
		return p.newAnnouncement(r, r.refused("announcement", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/announcements/" + id + "?done=announcement-prepared")
}

type announcementView struct {
	poa.AnnouncementView
	State poa.AnnouncementState
	// MayRelease tells whether the actor may, and is another than who prepared it.
	MayRelease bool
}

func (p *portal) announcement(r *request, view string, forms ...*Form) error {
	found, err := p.Notifier.Announcement(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := announcementView{AnnouncementView: found, State: found.State()}
	v.MayRelease = r.actor.May(poa.MayReleaseAnnouncements) && found.PreparedBy != r.actor.ID
	if view == "announcement-release" && !v.MayRelease {
		return poa.ErrForbidden
	}
	if len(forms) == 0 {
		forms = []*Form{newForm("announced")}
	}
	return p.render(r, view, v, forms...)
}

// showAnnouncement shows an announcement as it will be told, or how far it came.
func (p *portal) showAnnouncement(r *request) error { return p.announcement(r, "announcement") }

func (p *portal) showReleaseAnnouncement(r *request) error {
	return p.announcement(r, "announcement-release")
}

// sampleLetter answers with the letter that the announcement will be.
func (p *portal) sampleLetter(r *request) error {
	pdf, err := p.Notifier.SampleLetter(r.Context(), r.actor, r.PathValue("id"), r.lang)
	if err != nil {
		return err
	}
	return r.attachment(r.PathValue("id")+".pdf", "application/pdf", pdf)
}

// moved answers an act on an announcement: back to its page with a word, or the
// page it was on with what is wrong.
func (p *portal) moved(r *request, view, word string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.announcement(r, view, r.refused("announced", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/announcements/" + r.PathValue("id") + "?done=announcement-" + word)
}

func (p *portal) withdrawAnnouncement(r *request) error {
	return p.moved(r, "announcement", "withdrawn", p.Notifier.WithdrawAnnouncement(r.Context(), r.actor, r.key(), r.PathValue("id")))
}

func (p *portal) releaseAnnouncement(r *request) error {
	return p.moved(r, "announcement-release", "released", p.Notifier.ReleaseAnnouncement(r.Context(), r.actor, r.key(), r.PathValue("id")))
}

func (p *portal) stopAnnouncement(r *request) error {
	return p.moved(r, "announcement", "stopped", p.Notifier.StopAnnouncement(r.Context(), r.actor, r.key(), r.PathValue("id")))
}

func (p *portal) resumeAnnouncement(r *request) error {
	return p.moved(r, "announcement", "resumed", p.Notifier.ResumeAnnouncement(r.Context(), r.actor, r.key(), r.PathValue("id")))
}
