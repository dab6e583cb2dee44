// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

const (
	// maxExportedInquiries bounds the inquiries of an export, maxExportedReceipts
	// the receipts that are signed again for it, maxExportedNotices the notices.
	maxExportedInquiries = 100_000
	maxExportedReceipts  = 5_000
	maxExportedNotices   = 100_000
)

const exportText = `Ininjo: export of an account / アカウントの書出し

profile.json    what the party stated of itself / 登録情報
members.json    accounts / 利用者
tokens.json     API tokens, without their secrets / APIトークン（秘密の値は含みません）
endpoints.json  webhook endpoints, without their secrets / Webhookの送信先（秘密の値は含みません）
addresses.json  addresses for notices / お知らせの宛先
notices.json    the newest 100,000 notices / お知らせ（最大100,000件）
watches.csv     watches with their standings / 通知の対象と現在の状態
inquiries.csv   the newest 100,000 inquiries with the answers as they were given / 有効性確認の履歴（新しい順に最大100,000件）
receipts/       receipts of the newest 5,000 inquiries, signed again over what was answered then;
                what was erased since has none / 有効性確認回答書（新しい順に最大5,000件。消去済みのものを除く）

Instants are UTC unless said otherwise. / 日時は、特に断りのない限りUTCです。
`

// Export returns what writes a party's own data as a ZIP archive: by its
// administrator. It holds no secrets and is bounded; its README says how. The
// export is audited before anything is read.
func (r *Responder) Export(ctx context.Context, actor Actor) (func(io.Writer) error, error) {
	if err := r.admit(ctx, actor, ActionAccountExported, ownParty(actor, MemberAdministrator)); err != nil {
		return nil, err
	}
	_, err := r.perform(ctx, actor, ActionAccountExported, "", nil, func(context.Context, *act) (string, error) { return actor.PartyID, nil })
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		x := &export{Responder: r, actor: actor, zip: zip.NewWriter(w), now: r.clock.Now()}
		if err := x.write(ctx); err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
		return x.zip.Close()
	}, nil
}

// export is one archive on its way out.
type export struct {
	*Responder
	actor Actor
	zip   *zip.Writer
	now   time.Time
}

func (x *export) write(ctx context.Context) error {
	if err := x.file("README.txt", func(w io.Writer) error { _, err := io.WriteString(w, exportText); return err }); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		read func(context.Context) (any, error)
	}{{"profile.json", x.profile}, {"members.json", x.members}, {"tokens.json", x.tokens}, {"endpoints.json", x.endpoints},
		{"addresses.json", x.addresses}, {"notices.json", x.notices}} {
		value, err := part.read(ctx)
		if err != nil {
			return fmt.Errorf("reading %s: %w", part.name, err)
		}
		if err := x.json(part.name, value); err != nil {
			return err
		}
	}
	if x.actor.Kind != ActorRecipient {
		return nil
	}
	return x.asked(ctx)
}

// asked writes what a recipient watches and asked.
func (x *export) asked(ctx context.Context) error {
	err := x.file("watches.csv", func(w io.Writer) error {
		return writeWatches(ctx, x.store, x.actor.PartyID, WatchFilter{Now: x.now}, w)
	})
	if err != nil {
		return err
	}
	f := InquiryFilter{RecipientID: x.actor.PartyID}
	err = x.file("inquiries.csv", func(w io.Writer) error { return x.writeInquiries(ctx, f, w, maxExportedInquiries) })
	if err != nil || x.signer == nil {
		return err
	}
	return x.eachInquiry(ctx, f, maxExportedReceipts, func(past PastAnswer) error {
		if past.Gone {
			return nil
		}
		compact, err := x.Receipt(ctx, past.Answer)
		if err != nil {
			return err
		}
		return x.file("receipts/"+past.InquiryID+".jws", func(w io.Writer) error { _, err := io.WriteString(w, compact); return err })
	})
}

func (x *export) file(name string, write func(io.Writer) error) error {
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.now})
	if err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	return write(w)
}

func (x *export) json(name string, value any) error {
	return x.file(name, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	})
}

func (x *export) profile(ctx context.Context) (any, error) {
	p, _, err := partyOf(ctx, x.store, x.actor.PartyID)
	return map[string]any{"id": p.ID, "role": p.Role, "kind": p.Kind, "state": p.State, "number": p.Number, "language": p.Language, "termsId": p.TermsID,
		"appliedAt": p.AppliedAt, "decidedAt": p.DecidedAt, "nameShown": p.NameShown, "profile": p.Profile}, err
}

func (x *export) members(ctx context.Context) (any, error) {
	accounts, err := x.store.Accounts(ctx, x.actor.PartyID)
	list := []map[string]any{}
	for _, a := range accounts {
		list = append(list, map[string]any{"id": a.ID, "name": a.Name, "email": a.Email, "role": a.Member, "language": a.Language, "createdAt": a.CreatedAt, "disabledAt": instant(a.DisabledAt)})
	}
	return list, err
}

func (x *export) tokens(ctx context.Context) (any, error) {
	tokens, err := x.store.Tokens(ctx, x.actor.PartyID)
	list := []map[string]any{}
	for _, t := range tokens {
		list = append(list, map[string]any{"id": t.ID, "accountId": t.AccountID, "name": t.Name, "scope": t.Scope, "createdAt": t.CreatedAt, "expiresAt": t.ExpiresAt,
			"revokedAt": instant(t.RevokedAt), "lastUsedAt": instant(t.LastUsedAt), "replacedBy": t.ReplacedBy})
	}
	return list, err
}

func (x *export) endpoints(ctx context.Context) (any, error) {
	endpoints, err := x.store.Endpoints(ctx, x.actor.PartyID)
	list := []map[string]any{}
	for _, e := range endpoints {
		list = append(list, map[string]any{"id": e.ID, "url": e.URL, "types": e.Types, "description": e.Description, "state": e.State, "createdAt": e.CreatedAt,
			"verifiedAt": instant(e.VerifiedAt), "maxInFlight": e.MaxInFlight, "ratePerSecond": e.RatePerSecond, "envelope": e.Envelope(), "headers": headerNames(e)})
	}
	return list, err
}

// headerNames are the names of an endpoint's headers, whose values are secrets.
func headerNames(e Endpoint) []string {
	names := make([]string, len(e.Headers))
	for i, h := range e.Headers {
		names[i] = h.Name
	}
	return names
}

func (x *export) addresses(ctx context.Context) (any, error) {
	addresses, err := x.store.MailAddresses(ctx, x.actor.PartyID)
	list := []map[string]any{}
	for _, a := range addresses {
		list = append(list, map[string]any{"id": a.ID, "email": a.Email, "language": a.Language, "types": a.Types, "createdAt": a.CreatedAt,
			"confirmedAt": instant(a.ConfirmedAt), "unsubscribedAt": instant(a.UnsubscribedAt)})
	}
	return list, err
}

func (x *export) notices(ctx context.Context) (any, error) {
	list := []WebhookBody{}
	for after := int64(0); len(list) < maxExportedNotices; {
		page, err := x.store.Notices(ctx, x.actor.PartyID, after, MaxPage)
		if err != nil || len(page) == 0 {
			return list, err
		}
		for _, n := range page {
			list = append(list, Delivery{Notice: n}.Body())
		}
		after = page[len(page)-1].Sequence
	}
	return list, nil
}
