// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"ininjo/poa"
)

// walkTimeout bounds the whole walk.
const walkTimeout = 3 * time.Minute

// walk does the main job through the public interfaces alone.
func (d *demo) walk(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	var err error
	if d.anyone, err = newClient(d.base, ""); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{d.publish, d.staff, d.parties, d.past, d.present, d.replace, d.revoke, d.possible, d.revokedSigner, d.prove} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// staff: the first service owner by the command line's way; the owner appoints
// reception and auditor.
func (d *demo) staff(ctx context.Context) error {
	d.step("責任者を任命し、責任者が受付担当者と監査人を任命します")
	email, password := "owner"+domainOf, newPassword()
	account, err := d.service.chapters.enrollment.AppointStaff(ctx, poa.System, poa.StaffInput{Name: "責任 一郎", Email: email, Roles: []poa.Role{poa.RoleServiceOwner},
		Fitness: poa.FitnessInput{Items: poa.FitnessItems, Declared: true}, Password: password})
	if err != nil {
		return fmt.Errorf("appointing owner: %w", err)
	}
	d.logins[email] = login{Email: email, Password: password, TOTPSecret: account.TOTPSecret}
	if d.owner, err = d.signedIn(ctx, email, "owner"); err != nil {
		return err
	}
	if err := d.staffMember(ctx, d.owner, "受付 花子", "reception"+domainOf, poa.RoleReception); err != nil {
		return err
	}
	if err := d.staffMember(ctx, d.owner, "監査 次郎", "auditor"+domainOf, poa.RoleAuditor); err != nil {
		return err
	}
	d.reception, err = d.signedIn(ctx, "reception"+domainOf, "reception")
	d.ok("任命しました")
	return err
}

// signedIn signs in to the portal and makes a token there.
func (d *demo) signedIn(ctx context.Context, email, name string) (*client, error) {
	l, code := d.logins[email], ""
	if l.TOTPSecret != "" {
		var err error
		if code, err = totp.GenerateCode(l.TOTPSecret, d.clock.Now()); err != nil {
			return nil, fmt.Errorf("making code: %w", err)
		}
	}
	c, err := newClient(d.base, "")
	if err != nil {
		return nil, err
	}
	if err := c.signIn(ctx, email, l.Password, code); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	token, err := c.newToken(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c.with(token), nil
}

// parties: a business and a bank apply, reception confirms and accepts.
func (d *demo) parties(ctx context.Context) error {
	d.step("%s が利用を申し込み、受付が登記事項証明書で確認します", company)
	id, err := d.register(ctx, "registerDelegator", company, companyNumber, "delegator"+domainOf, nil)
	if err != nil {
		return err
	}
	says := map[string]any{"idempotencyKey": "confirm", "partyId": id, "document": "REGISTER_CERTIFICATE", "documentDate": poa.DateOf(d.clock.Now()).AddDays(-7).String(),
		"corporateNumber": companyNumber, "name": company, "address": companyAddress, "representativeTitle": "代表取締役",
		"representativeName": strings.ReplaceAll(signer.Name, "　", ""), "representativeAddress": signer.Address}
	if err := d.reception.query(ctx, `mutation($input: ConfirmDelegatorInput!) { confirmDelegator(input: $input) { errors { code field message } } }`, map[string]any{"input": says}, "confirmDelegator", nil); err != nil {
		return err
	}
	if err := d.decide(ctx, id); err != nil {
		return err
	}
	if d.delegator, err = d.signedIn(ctx, "delegator"+domainOf, "delegator"); err != nil {
		return err
	}
	d.ok("契約しました: %s", id)
	d.step("%s が受領者として登録します", bank)
	id, err = d.register(ctx, "registerRecipient", bank, bankNumber, "recipient"+domainOf, map[string]any{"filer": "見本 三郎", "nameShown": true})
	if err != nil {
		return err
	}
	if err := d.decide(ctx, id); err != nil {
		return err
	}
	d.recipient, err = d.signedIn(ctx, "recipient"+domainOf, "recipient")
	d.ok("登録しました: %s", id)
	return err
}

func (d *demo) decide(ctx context.Context, id string) error {
	return d.reception.query(ctx, `mutation($input: DecideApplicationInput!) { decideApplication(input: $input) { errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "decide-" + id, "partyId": id, "accept": true}}, "decideApplication", nil)
}

// past files what has a past: one that expires by itself, and those that the
// walk goes on with.
func (d *demo) past(ctx context.Context) error {
	today := poa.DateOf(d.clock.Now())
	present := poa.DateOf(d.clock.machine.Now())
	for _, f := range []struct {
		name          string
		from, through poa.Date
		format        string
	}{
		{"expired", today, today.AddDays(45), "XML"},
		{"valid", today, present.AddDays(365), "XML"},
		{"superseded", today, present.AddDays(365), "XML"},
		{"revoked", today, present.AddDays(365), "PDF"},
		{"notYetValid", present.AddDays(30), present.AddDays(395), "XML"},
	} {
		d.step("電子委任状（%s）を作成: 委任期間 %s から %s（受任者が証明書を提出、代表者が署名、すべての検証に合格したため自動で受理）", f.format, f.from, f.through)
		made, err := d.fileAs(ctx, order{name: f.name, from: f.from, through: f.through, format: f.format})
		if err != nil {
			return fmt.Errorf("filing %s: %w", f.name, err)
		}
		d.filings[f.name] = made
		d.ok("電子委任状ID %s", made.id)
	}
	return nil
}

// present moves the clock on; the recipient asks.
func (d *demo) present(ctx context.Context) error {
	d.step("時計を現在まで進めます（60 日）")
	d.clock.arrive()
	if err := d.service.db.MakePartitions(ctx, d.clock.Now()); err != nil {
		return fmt.Errorf("making partitions: %w", err)
	}
	if _, err := d.service.chapters.notifier.AnnounceTerms(ctx); err != nil { // else within a minute, by its job
		return err
	}
	d.ok("委任期間は自動的に満了します")
	if err := d.listen(ctx); err != nil {
		return err
	}
	return errors.Join(d.ask(ctx, "valid", poa.StatusValid), d.ask(ctx, "expired", poa.StatusExpired), d.ask(ctx, "notYetValid", poa.StatusNotYetValid))
}

// listen gives the bank a webhook endpoint and lets it watch.
func (d *demo) listen(ctx context.Context) error {
	d.step("%s が Webhook を登録し、電子委任状を見守ります", bank)
	var made struct {
		Secret string `json:"secret"`
	}
	err := d.recipient.query(ctx, `mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { endpoint { id } secret errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "hook", "url": "http://" + d.hooks.address + "/ininjo"}}, "createWebhookEndpoint", &made)
	if err != nil {
		return err
	}
	d.hooks.expect(made.Secret)
	for _, name := range []string{"valid", "superseded", "revoked"} {
		err := d.recipient.query(ctx, `mutation($input: WatchDelegationInput!) { watchDelegation(input: $input) { errors { code field message } } }`,
			map[string]any{"input": map[string]any{"idempotencyKey": "watch-" + name, "delegationId": d.filings[name].id}}, "watchDelegation", nil)
		if err != nil {
			return err
		}
	}
	d.ok("署名付きの通知を待ちます")
	return nil
}

// ask is the recipient's question, with the digest of the file in hand.
func (d *demo) ask(ctx context.Context, name string, want poa.ValidityStatus) error {
	f := d.filings[name]
	d.step("受領者が有効性を照会: %s", f.id)
	sum := sha256.Sum256(f.signed)
	var answer struct {
		Status          poa.ValidityStatus `json:"status"`
		DocumentMatches bool               `json:"documentMatches"`
		InquiryID       string             `json:"inquiryId"`
		Receipt         string             `json:"receipt"`
	}
	err := d.recipient.query(ctx, `query($id: ID!, $sum: String) { validity(delegationId: $id, documentSha256: $sum) { status documentMatches inquiryId receipt } }`,
		map[string]any{"id": f.id, "sum": hex.EncodeToString(sum[:])}, "validity", &answer)
	if err != nil {
		return err
	}
	if answer.Status != want || !answer.DocumentMatches || answer.Receipt == "" {
		return fmt.Errorf("asking for %s: got %s, want %s with a matching file and a receipt", name, answer.Status, want)
	}
	d.ok("%s（ファイル一致、照会番号 %s、署名付き回答書 %d 字）", answer.Status, answer.InquiryID, len(answer.Receipt))
	return nil
}

// replace files a successor; the old ID is retired for good (4.2).
func (d *demo) replace(ctx context.Context) error {
	d.step("内容を変更して更新します: %s", d.filings["superseded"].id)
	today := poa.DateOf(d.clock.Now())
	made, err := d.fileAs(ctx, order{name: "successor", from: today, through: today.AddDays(365), replaces: d.filings["superseded"].id, format: "PDF"})
	if err != nil {
		return fmt.Errorf("replacing: %w", err)
	}
	d.filings["successor"] = made
	d.ok("新しい電子委任状ID %s", made.id)
	if err := d.told(ctx, poa.NoticeSuperseded, "superseded"); err != nil {
		return err
	}
	return d.ask(ctx, "superseded", poa.StatusSuperseded)
}

// revoke ends one by its delegator's word; the partner is told; the recipient
// asks again.
func (d *demo) revoke(ctx context.Context) error {
	id := d.filings["revoked"].id
	if err := d.ask(ctx, "revoked", poa.StatusValid); err != nil {
		return err
	}
	d.step("委任者が失効を申し出ます: %s", id)
	err := d.delegator.query(ctx, `mutation($input: RevokeDelegationInput!) { revokeDelegation(input: $input) { delegation { status } errors { code field message } } }`,
		map[string]any{"input": map[string]any{"idempotencyKey": "revoke", "delegationId": id}}, "revokeDelegation", nil)
	if err != nil {
		return err
	}
	d.ok("失効しました")
	if err := d.told(ctx, poa.NoticeRevoked, "revoked"); err != nil {
		return err
	}
	return d.ask(ctx, "revoked", poa.StatusRevoked)
}

// told waits for webhook and mail of a change.
func (d *demo) told(ctx context.Context, t poa.NoticeType, name string) error {
	id := d.filings[name].id
	hook, err := d.hooks.next(ctx, t, id)
	if err != nil {
		return err
	}
	d.ok("Webhook 受信: %s sequence=%d previous=%d（署名確認済み）", hook.Type, hook.Data.Sequence, hook.Data.Previous)
	mail, err := d.mailbox.next(ctx, "recipient"+domainOf, func(r received) bool { return strings.Contains(r.text, id) })
	if err != nil {
		return errors.Join(errors.New("waiting for the recipient's mail"), err)
	}
	d.ok("メール受信: %s", mail.subject)
	return nil
}
