// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"slices"
	"sync"

	"ininjo/poa"
)

// lastRead keeps the repository's documents as they were last read, so that
// they can be read while the database is down (2.5.2).
type lastRead struct {
	mu        sync.Mutex
	published []poa.Published
}

// read returns the published documents; stale tells that they are from memory.
func (l *lastRead) read(ctx context.Context, records *poa.Records) (published []poa.Published, stale bool, err error) {
	published, err = records.Published(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.published = published
		return published, false, nil
	}
	if l.published == nil {
		return nil, false, &poa.Error{Code: poa.CodeUnavailable, Cause: err}
	}
	return l.published, true, nil
}

type shelf struct {
	Kind     poa.DocumentKind
	Versions []edition
}

// edition is a version of a document with the period in which it is in force.
type edition struct {
	poa.Published
	// Until is the last day in force; zero while there is no later version.
	Until   poa.Date
	InForce bool
}

type repositoryView struct {
	Shelves []shelf
	Stale   bool
}

var documentKinds = []poa.DocumentKind{poa.TermsOfUse, poa.OperatingRules, poa.PriceList, poa.Announcement}

func (p *portal) showRepository(r *request) error {
	published, stale, err := p.repository.read(r.Context(), p.Records)
	if err != nil {
		return err
	}
	view := repositoryView{Stale: stale}
	for _, kind := range documentKinds {
		view.Shelves = append(view.Shelves, shelf{kind, editions(published, kind, poa.DateOf(p.Clock.Now()))})
	}
	return p.render(r, "repository", view)
}

// editions are the versions of a kind, the newest first. An announcement stays
// in force beside later ones.
func editions(published []poa.Published, kind poa.DocumentKind, today poa.Date) []edition {
	var all []edition
	for _, each := range published {
		if each.Kind == kind {
			all = append(all, edition{Published: each})
		}
	}
	slices.SortStableFunc(all, func(a, b edition) int {
		if a.EffectiveFrom != b.EffectiveFrom {
			return b.EffectiveFrom.Begins().Compare(a.EffectiveFrom.Begins())
		}
		return b.PublishedAt.Compare(a.PublishedAt)
	})
	current := poa.InForce(published, kind, today)
	for i := range all {
		all[i].InForce = all[i].ID == current.ID
		if kind == poa.Announcement {
			all[i].InForce = !today.Before(all[i].EffectiveFrom)
		} else if i > 0 {
			all[i].Until = all[i-1].EffectiveFrom.AddDays(-1)
		}
	}
	return all
}

type publishedView struct {
	edition
	Stale bool
}

func (p *portal) showPublished(r *request) error {
	published, stale, err := p.repository.read(r.Context(), p.Records)
	if err != nil {
		return err
	}
	for _, each := range published {
		if each.ID != r.PathValue("id") {
			continue
		}
		for _, e := range editions(published, each.Kind, poa.DateOf(p.Clock.Now())) {
			if e.ID == each.ID {
				return p.render(r, "published", publishedView{e, stale})
			}
		}
	}
	return poa.ErrNotFound
}
