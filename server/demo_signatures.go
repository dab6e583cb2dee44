// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// namesake is a delegate whose name the draft writes in another form than the
// certificate does: whether 斉 and 斎 are one name, no machine can say.
var namesake = poatest.Person{Name: "斉藤　次郎", Address: "東京都港区芝５－１－１", BirthDate: "1979-03-03", Gender: "1"}

// sign signs a drafted file in its format, as the signing half of the management
// application does.
func (d *demo) sign(by *poatest.Signer, format string, draft []byte) ([]byte, error) {
	f, known := document.Known().ByName(format)
	if !known {
		return nil, fmt.Errorf("signing: no format %s", format)
	}
	signed, err := f.Sign(draft, d.clock.Now(), func(content []byte, as document.SignAs) ([]byte, error) {
		return by.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES, Hash: crypto.SHA256, SigningTime: d.clock.Now()})
	})
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return signed, nil
}

// sameKey issues another certificate for a key that is there.
func sameKey(s *poatest.Signer) poatest.Option {
	return poatest.WithKey(func() (crypto.Signer, error) { return s.Key, nil })
}

// possible files a delegation whose delegate's name is written in two forms: a
// person decides, and the ground is kept.
func (d *demo) possible(ctx context.Context) error {
	d.step("氏名の字体が異なる受任者（下書き 斎藤 次郎、証明書 斉藤 次郎）の電子委任状を提出します")
	by, err := d.ca.Issue(namesake, sameKey(d.deputy)) // a new key takes long to make
	if err != nil {
		return fmt.Errorf("issuing certificate: %w", err)
	}
	today := poa.DateOf(d.clock.Now())
	made, state, err := d.submit(ctx, order{name: "possible", from: today, through: today.AddDays(30), delegate: "斎藤　次郎", handedInBy: by})
	if err != nil {
		return err
	}
	if state != poa.StateSubmitted {
		return fmt.Errorf("filing %s with two forms of a name: it is %s", made.id, state)
	}
	d.ok("機械では決められないため、受付の判断を待ちます: %s", made.id)
	if err := d.accept(ctx, "possible", made.id, "本人確認書類により、斉藤と斎藤は同一人と確認した"); err != nil {
		return err
	}
	d.ok("受付が根拠を記録して受理しました")
	return nil
}

// revokedSigner files with a certificate that was revoked: refused at once, and
// the draft stays open.
func (d *demo) revokedSigner(ctx context.Context) error {
	d.step("失効した証明書で署名した電子委任状を提出します")
	card, err := d.ca.Issue(signer, sameKey(d.signer))
	if err != nil {
		return fmt.Errorf("issuing certificate: %w", err)
	}
	const keyCompromise = 1
	d.ca.Revoke(card.Certificate, d.clock.Now().Add(-time.Hour), keyCompromise)
	today := poa.DateOf(d.clock.Now())
	_, _, err = d.submit(ctx, order{name: "revoked-signer", from: today, through: today.AddDays(30), signedBy: card})
	var refused userError
	if !errors.As(err, &refused) || refused.Code != string(poa.CodeCertificateRevoked) {
		return errors.Join(errors.New("filing with a revoked certificate: want it refused"), err)
	}
	d.ok("受け付けません: %s %s（下書きは残ります）", refused.Code, refused.Message)
	return nil
}

// prove fetches the evidence of a filing and verifies it as anyone can, with
// nothing but the file and the roots.
func (d *demo) prove(ctx context.Context) error {
	d.step("証拠を取り出し、データベースなしで検証します: %s", d.filings["valid"].id)
	var kept struct {
		Bundle  []byte `json:"bundle"`
		Records []struct {
			Kind   string `json:"kind"`
			Stamps []struct {
				StampedAt time.Time `json:"stampedAt"`
			} `json:"stamps"`
		} `json:"records"`
	}
	err := d.delegator.query(ctx, `query($id: ID!) { evidence(delegationId: $id) { bundle records { kind stamps { stampedAt } } } }`, map[string]any{"id": d.filings["valid"].id}, "evidence", &kept)
	if err != nil {
		return err
	}
	path := filepath.Join(d.dir, "evidence.json")
	if err := os.WriteFile(path, kept.Bundle, 0o600); err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	bundle, err := evidence.DecodeBundle(kept.Bundle)
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	roots, err := jpki.LoadRoots(filepath.Join(d.dir, "ca", "roots"))
	if err != nil {
		return fmt.Errorf("reading roots: %w", err)
	}
	report, err := bundle.Verify(evidence.Trust{Profile: jpki.Profile{Roots: roots, Policies: []string{poatest.PolicyTest}}, TimeStampRoots: d.authority.stamps.Roots()}, d.clock.Now())
	if err != nil || !report.Passed() {
		return errors.Join(fmt.Errorf("verifying evidence: %s, %+v", report.Result, report.Findings), err)
	}
	d.ok("署名・経路・失効情報・タイムスタンプを再検証しました（%d 件の記録）: %s", report.Records, path)
	return nil
}
