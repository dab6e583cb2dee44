// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ininjo/server/outside/mail"
)

const returnPath = "bounce+0abcdefghjkmnpqrstvwxyz012-0123456789abcdef@mail.ininjo.example"

// status makes a report out of its per-recipient fields.
func status(fields string) string {
	return strings.ReplaceAll("Return-Path: <>\nX-Original-To: "+returnPath+"\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.jp>\nTo: "+returnPath+
		"\nSubject: Undelivered Mail\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"+
		"--b\nContent-Type: text/plain\n\nnobody here\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.jp\n\n"+fields+"\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nx\n--b--\n", "\n", "\r\n")
}

func TestReports(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]struct{ raw, want string }{
		"for good":            {status("Final-Recipient: rfc822; a@example.jp\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n"), "5.1.1"},
		"for now, given up":   {status("Final-Recipient: rfc822; a@example.jp\nAction: failed\nStatus: 4.4.7\n"), "4.4.7"},
		"with words behind":   {status("Action: FAILED \nStatus: 5.2.2 (mailbox full)\n"), "5.2.2"},
		"delayed":             {status("Action: delayed\nStatus: 4.4.1\n"), ""},
		"delivered":           {status("Action: delivered\nStatus: 2.0.0\n"), ""},
		"several":             {status("Action: failed\nStatus: 4.2.2\n\nAction: delayed\nStatus: 5.9.9\n\nAction: failed\nStatus: 5.1.1\n"), "5.1.1"},
		"failed without code": {status("Action: failed\n"), "5.0.0"},
		"failed and success":  {status("Action: failed\nStatus: 2.1.5\n"), "5.0.0"},
		"folded":              {status("Final-Recipient: rfc822;\n a@example.jp\nAction:\n failed\nStatus:\n 5.1.1\n"), "5.1.1"},
		"many, bounded":       {status(strings.Repeat("Action: failed\nStatus: 4.2.2\n\n", 1000)), "4.2.2"},
	} {
		report, err := mail.ParseReport([]byte(each.raw))
		if err != nil || report.Status != each.want || len(report.To) != 2 || report.To[0] != returnPath {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	good := status("Action: failed\nStatus: 5.1.1\n")
	for name, raw := range map[string]string{
		"nothing":             "",
		"an answer":           "From: a@example.jp\r\nTo: " + returnPath + "\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
		"another report":      strings.Replace(good, "report-type=delivery-status", "report-type=disposition-notification", 1),
		"without a boundary":  strings.Replace(good, `; boundary="b"`, "", 1),
		"without a status":    strings.Replace(good, "message/delivery-status", "text/plain", 1),
		"without a recipient": status(""),
		"without an action":   status("Status: 5.1.1\n"),
		"cut off":             good[:strings.Index(good, "Reporting-MTA")],
		"too large":           good + strings.Repeat("x", mail.MaxReport),
		"a status in a part":  "Content-Type: text/plain\r\n\r\n" + good,
	} {
		if report, err := mail.ParseReport([]byte(raw)); !errors.Is(err, mail.ErrNoReport) {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}

// TestReportsOfServers reads reports in the forms that well-known servers give
// them.
func TestReportsOfServers(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(names) < 3 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(filepath.Base(name)[strings.Index(filepath.Base(name), "-")+1:], ".eml")
		report, err := mail.ParseReport(raw)
		if err != nil || report.Status != want || len(report.To) == 0 || !strings.HasPrefix(report.To[0], "bounce+") {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(status("Action: failed\nStatus: 5.1.1\n")))
	f.Add([]byte(status("Action: delayed\n\nAction: failed\nStatus: 4.2.2\n")))
	f.Add([]byte("Content-Type: multipart/report; boundary=\r\n\r\n"))
	names, _ := filepath.Glob("testdata/*.eml")
	for _, name := range names {
		if raw, err := os.ReadFile(name); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		report, err := mail.ParseReport(raw)
		if err != nil {
			if report.Status != "" || report.To != nil || !errors.Is(err, mail.ErrNoReport) {
				t.Errorf("%+v with %v", report, err)
			}
			return
		}
		if report.Status != "" && report.Status[0] != '4' && report.Status[0] != '5' || len(report.Status) > 9 || len(report.To) > 20 {
			t.Errorf("%+v", report)
		}
	})
}
