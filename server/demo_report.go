// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ininjo/poa"
)

//go:embed documents/*.txt
var documentFiles embed.FS

// sampleDocuments are the demo's terms, rules, prices and announcement, in
// force from the day on.
func sampleDocuments(from poa.Date) []poa.PublishInput {
	documents := []poa.PublishInput{
		{Kind: poa.TermsOfUse, Version: "1.0", Title: "Ininjo デモ 利用約款"},
		{Kind: poa.OperatingRules, Version: "1.0", Title: "Ininjo デモ 運用規程"},
		{Kind: poa.PriceList, Version: "1.0", Title: "Ininjo デモ 料金表"},
		{Kind: poa.Announcement, Version: "1", Title: "デモ環境のお知らせ"},
	}
	for i, name := range []string{"terms", "rules", "prices", "announcement"} {
		body, err := documentFiles.ReadFile("documents/" + name + ".txt")
		if err != nil {
			panic(err) // embedded: it is there or the program was not built
		}
		documents[i].Body, documents[i].EffectiveFrom = string(body), from
	}
	return documents
}

// demoJSON is the contract of demo.json.
type demoJSON struct {
	PortalURL   string            `json:"portalUrl"`
	GraphQLURL  string            `json:"graphqlUrl"`
	JWKSURL     string            `json:"jwksUrl"`
	Tokens      map[string]string `json:"tokens"`
	Logins      map[string]login  `json:"logins"`
	Delegations map[string]string `json:"delegations"`
	Documents   map[string]string `json:"documents"`
	CA          map[string]string `json:"ca"`
	MailDir     string            `json:"mailDir"`
}

// report writes demo.json and prints how to go on, then "ready".
func (d *demo) report() error {
	files, err := d.keep()
	if err != nil {
		return err
	}
	j := demoJSON{PortalURL: d.base, GraphQLURL: d.base + "/graphql", JWKSURL: d.base + "/.well-known/jwks.json",
		Tokens: map[string]string{"recipient": d.recipient.token, "delegator": d.delegator.token, "staff": d.reception.token},
		Logins: map[string]login{}, Delegations: map[string]string{}, Documents: map[string]string{"valid": files["valid"]}, CA: files, MailDir: d.mailbox.dir}
	delete(files, "valid")
	for name, email := range map[string]string{"recipient": "recipient", "delegator": "delegator", "reception": "reception", "serviceOwner": "owner", "auditor": "auditor"} {
		j.Logins[name] = d.logins[email+domainOf]
	}
	for name, f := range d.filings {
		if name != "successor" {
			j.Delegations[name] = f.id
		}
	}
	if err := writeJSON(filepath.Join(d.dir, "demo.json"), j); err != nil {
		return fmt.Errorf("writing demo.json: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "demo.env"), []byte(j.env()), 0o600); err != nil {
		return fmt.Errorf("writing demo.env: %w", err)
	}
	d.print(j)
	return nil
}

// env is what of it a shell needs to ask; no value holds a character that means
// something to a shell.
func (j demoJSON) env() string {
	return fmt.Sprintf("PORTAL_URL=%s\nGRAPHQL_URL=%s\nJWKS_URL=%s\nTOKEN=%s\nVALID=%s\nREVOKED=%s\n",
		j.PortalURL, j.GraphQLURL, j.JWKSURL, j.Tokens["recipient"], j.Delegations["valid"], j.Delegations["revoked"])
}

// keep writes the signed file and the test authority's keys for whoever goes on
// by hand.
func (d *demo) keep() (map[string]string, error) {
	signerPassword, deputyPassword := newPassword(), newPassword()
	signerP12, err := d.signer.PKCS12(signerPassword)
	if err != nil {
		return nil, fmt.Errorf("writing signer's keys: %w", err)
	}
	deputyP12, err := d.deputy.PKCS12(deputyPassword)
	if err != nil {
		return nil, fmt.Errorf("writing delegate's keys: %w", err)
	}
	path := func(name string) string { return filepath.Join(d.dir, "ca", name) }
	paths := map[string]string{"root": path("root.pem"), "signerP12": path("signer.p12"), "delegateP12": path("delegate.p12"), "valid": filepath.Join(d.dir, "valid.p7m")}
	for name, content := range map[string][]byte{"root": d.ca.RootPEM(), "signerP12": signerP12, "delegateP12": deputyP12, "valid": d.filings["valid"].signed} {
		if err := os.WriteFile(paths[name], content, 0o600); err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
	}
	paths["signerPassword"], paths["delegatePassword"] = signerPassword, deputyPassword
	return paths, nil
}

func (d *demo) print(j demoJSON) {
	out := d.out.stdout
	fmt.Fprintf(out, "\nportal   %s\n", j.PortalURL)
	for _, role := range []string{"delegator", "recipient", "reception", "serviceOwner", "auditor"} {
		l := j.Logins[role]
		fmt.Fprintf(out, "%-12s %-24s %s", role, l.Email, l.Password)
		if l.TOTPSecret != "" {
			fmt.Fprintf(out, "  TOTP %s", l.TOTPSecret)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "\ncurl -s %s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"query\":\"{ validity(delegationId: \\\"%s\\\") { status validThrough receipt } }\"}'\n",
		j.GraphQLURL, j.Tokens["recipient"], j.Delegations["valid"])
	fmt.Fprintf(out, "\nready in %s (%s)\nready\n", d.clock.machine.Now().Sub(d.began).Round(10*time.Millisecond), filepath.Join(d.dir, "demo.json"))
}
