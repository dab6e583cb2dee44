// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ininjo/poa/evidence"
	"ininjo/poa/locale"
	"ininjo/poa/receipt"
)

// japan is the zone in which people read times.
var japan = time.FixedZone("JST", 9*60*60)

func japanese(t time.Time) string { return t.In(japan).Format("2006-01-02 15:04:05 JST") }

// printReport prints a report for people: one line for each finding.
func printReport(to io.Writer, language string, r evidence.Report) {
	say := func(key string) string { return locale.Text(language, "evidence."+key, nil) }
	fmt.Fprintf(to, "%s %s\n%s %s\n%s %s\n", say("delegation"), orDash(r.DelegationID), say("at"), japanese(r.At), say("outcome"), say("outcome."+string(r.Result)))
	record := 0
	for _, f := range r.Findings {
		if f.Record != record {
			record = f.Record
			fmt.Fprintf(to, "\n%s\n", locale.Text(language, "evidence.nth", map[string]string{"number": strconv.Itoa(record), "of": strconv.Itoa(r.Records)}))
		}
		fmt.Fprintf(to, "  %s %s: %s\n", say("result."+string(f.Result)), say("step."+string(f.Step)), codeText(language, f.Code))
		for _, name := range slices.Sorted(maps.Keys(f.Values)) {
			fmt.Fprintf(to, "      %s: %s\n", say("value."+name), valueText(language, name, f.Values[name]))
		}
	}
}

// valueText is a value with its text, where it is a code that has one.
func valueText(language, name, value string) string {
	prefix, ok := map[string]string{"check": "check.", "recorded": "result.", "now": "result.", "reason": "comparison.", "outcome": "evidence.decision.",
		"kind": "evidence.kind.", "standing": "evidence.standing."}[name]
	if ok {
		return labelled(language, prefix, value)
	}
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		return japanese(at)
	}
	return value
}

// codeText is a code with its text, where it has one: the kinds of the readers
// of files and certificates go by their names.
func codeText(language, codes string) string {
	var out []string
	for code := range strings.FieldsSeq(codes) {
		if key := "evidence.code." + code; locale.Has(language, key) {
			code = locale.Text(language, key, nil) + " (" + code + ")"
		}
		out = append(out, code)
	}
	return strings.Join(out, ", ")
}

// printReceipt prints question and answer for people.
func printReceipt(to io.Writer, language string, c receipt.Claims, key receipt.SigningKey) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(to, "%s: %s\n", locale.Text(language, "receipt."+name, nil), value)
		}
	}
	a, q := c.Answer, c.Question
	fmt.Fprintln(to, locale.Text(language, "receipt.verified", nil))
	line("issuer", c.Issuer)
	line("recipient", c.Recipient)
	line("delegation", q.DelegationID)
	line("asked-at", optional(q.At))
	line("asked-known-at", optional(q.KnownAt))
	line("document", q.DocumentSHA256)
	line("delegate-certificate", q.DelegateCertificateSHA256)
	line("nonce", q.Nonce)
	line("status", labelled(language, "status.", a.Status))
	line("reason", labelled(language, "reason.", a.Reason))
	line("as-of", japanese(a.AsOf))
	line("known-at", japanese(a.KnownAt))
	line("answered-at", japanese(a.AnsweredAt))
	line("document-matches", yesNo(language, a.DocumentMatches))
	line("delegate-matches", yesNo(language, a.DelegateMatches))
	line("valid-from", a.ValidFrom)
	line("valid-through", a.ValidThrough)
	line("signature-verified-at", optional(a.SignatureVerifiedAt))
	if a.Qualification != nil {
		line("qualification", labelled(language, "qualification.", a.Qualification.Qualification)+" / "+a.Qualification.Standing+" / "+orDash(optional(a.Qualification.VerifiedAt)))
	}
	line("policy", c.PolicyOID)
	line("event", c.EventID)
	line("leaf", c.LeafHash)
	line("key", key.KeyID)
	line("key-period", period(key))
	line("signed-at", optional(orNil(key.SignedAt)))
	if !a.FileCompared {
		fmt.Fprintln(to, locale.Text(language, "receipt.no-file", nil))
	}
}

// printPlace prints where the inquiry stands in the log.
func printPlace(to io.Writer, language string, place *logPlace) {
	if place == nil {
		return
	}
	fmt.Fprintln(to, locale.Text(language, "receipt.included", map[string]string{"origin": place.Origin, "index": strconv.FormatInt(place.Index, 10), "size": strconv.FormatInt(place.Size, 10)}))
}

func labelled(language, prefix, code string) string {
	if code == "" || !locale.Has(language, prefix+code) {
		return code
	}
	return locale.Text(language, prefix+code, nil) + " (" + code + ")"
}

func yesNo(language string, b *bool) string {
	if b == nil {
		return ""
	}
	return locale.Text(language, "receipt."+strconv.FormatBool(*b), nil)
}

func optional(t *time.Time) string {
	if t == nil {
		return ""
	}
	return japanese(*t)
}

func period(key receipt.SigningKey) string {
	if key.NotBefore.IsZero() && key.NotAfter.IsZero() {
		return ""
	}
	return orDash(optional(orNil(key.NotBefore))) + " – " + optional(orNil(key.NotAfter))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
