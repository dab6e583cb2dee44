// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// TestLinksAsTokens shows for which links a Bearer token stands and which open
// a page.
func TestLinksAsTokens(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	who := actors{store: d.DB, clock: d.Clock}
	for _, each := range []struct {
		purpose      poa.LinkPurpose
		used         bool
		bearer, page bool
	}{
		{poa.LinkAnswer, false, true, true}, {poa.LinkAnswer, true, true, false},
		{poa.LinkRenounce, false, true, true}, {poa.LinkRenounce, true, true, false},
		{poa.LinkPassword, false, false, true}, {poa.LinkPassword, true, false, false},
		{poa.LinkConfirm, false, false, true}, {poa.LinkConfirm, true, false, false},
	} {
		token := storedLink(t, d, each.purpose, each.used)
		actor, _, err := who.actor(context.WithValue(t.Context(), keyBearer, token))
		switch {
		case each.bearer && (err != nil || actor.Kind != poa.ActorDelegate || actor.LinkUsed != each.used):
			t.Errorf("%+v as a token: %+v, %v", each, actor, err)
		case !each.bearer && !errors.Is(err, poa.ErrUnauthenticated):
			t.Errorf("%+v as a token: %v", each, err)
		}
		if _, err := who.link(t.Context(), token); each.page && err != nil || !each.page && !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("%+v opens a page: %v", each, err)
		}
	}
	late := storedLink(t, d, poa.LinkAnswer, false)
	d.Clock.Advance(time.Hour)
	if _, _, err := who.actor(context.WithValue(t.Context(), keyBearer, late)); !errors.Is(err, poa.ErrUnauthenticated) {
		t.Errorf("a link that is over: %v", err)
	}
	if _, err := who.link(t.Context(), late); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a page of a link that is over: %v", err)
	}
}

// TestCredentials tells who brought nothing from who brought something that
// holds for nothing: the second is never taken for the first.
func TestCredentials(t *testing.T) {
	t.Parallel()
	if got := (actors{}).credential(t.Context()); got != (poa.Credential{Anonymous: true}) {
		t.Errorf("nothing was brought: %+v", got)
	}
	for _, token := range []string{"", "?", "inj_live_00"} {
		if got := (actors{}).credential(context.WithValue(t.Context(), keyBearer, token)); got != (poa.Credential{}) {
			t.Errorf("%q was brought: %+v", token, got)
		}
	}
}

// storedLink stores a link that holds for an hour and returns its token.
func storedLink(t *testing.T, d *dbtest.Database, purpose poa.LinkPurpose, used bool) string {
	t.Helper()
	token, hash := poa.NewSecret(poa.LinkPrefix)
	l := poa.Link{ID: poa.NewID(poa.PrefixLink), Hash: hash, Purpose: purpose, CreatedAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}
	if purpose == poa.LinkAnswer || purpose == poa.LinkRenounce {
		l.DelegationID = poa.NewDelegationID()
	} else {
		l.SubjectID = "acc_of-the-test"
	}
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		if err := tx.InsertLink(ctx, l); err != nil || !used {
			return err
		}
		return tx.UseLink(ctx, l.ID, d.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
