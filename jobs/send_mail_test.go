// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ininjo/jobs"
	"ininjo/poa"
)

// values are those that the domain gives to each kind of mail.
var values = map[string]string{"organisation": "例社 <b>&", "number": "A-20261123-000042", "delegate": "受任 太郎", "delegationId": "01234-56789",
	"link": "https://ininjo.example/l/injl_token", "type": "delegation.revoked", "status": "REVOKED", "sequence": "42", "reason": "QUALIFICATION_SUSPENDED", "at": "2026-06-01T03:00:00Z",
	"name": "受任 太郎", "device": "Chrome, Windows", "factor": "TOTP", "role": "DEVELOPER",
	"expiresAt": "2026-06-15T03:00:00Z", "delegations": "3", "title": "サービスの終了", "text": "1 <b>&\n2", "closesOn": "2027-03-31",
	"host": "hooks.example:8443", "endpointId": "whe_1", "since": "2026-06-01T03:00:00Z", "until": "2026-06-06T03:00:00Z"}

func (w *world) send(t *testing.T, m poa.Mail) string {
	t.Helper()
	m.ID, m.CreatedAt = poa.NewID(poa.PrefixMail), w.Clock.Now()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		if err := tx.InsertMail(ctx, m); err != nil {
			return err
		}
		return tx.Enqueue(ctx, poa.SendMail{MailID: m.ID}, time.Time{})
	})
	return m.ID
}

// templates reads the domain's list of kinds of mail from its source, so that a
// new kind without texts is found here.
func templates(t *testing.T) []poa.MailTemplate {
	t.Helper()
	names, err := filepath.Glob("../poa/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []poa.MailTemplate
	for _, name := range names {
		found = append(found, templatesOf(t, name)...)
	}
	return found
}

func templatesOf(t *testing.T, name string) []poa.MailTemplate {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []poa.MailTemplate
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "MailTemplate" && len(spec.Values) == 1 {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, poa.MailTemplate(text))
		}
		return true
	})
	return found
}

func TestEveryKindOfMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	party := w.party(t, poa.PartyDelegator, "ja")
	kinds := templates(t)
	if len(kinds) < 11 {
		t.Fatalf("found %d kinds of mail in the domain", len(kinds))
	}
	policy := poa.DefaultPolicy("https://ininjo.example")
	for _, kind := range kinds {
		for _, language := range []string{"ja", "en"} {
			id := w.send(t, poa.Mail{PartyID: party, To: "hanako@example.com", Template: kind, Language: language, Values: values})
			m := next(t, w.mail.got)
			if m.ID != id || m.Language != language || m.To != "hanako@example.com" {
				t.Errorf("%s in %s: sent %s in %s to %s", kind, language, m.ID, m.Language, m.To)
			}
			if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n{}<") || !strings.Contains(m.Subject, policy.ServiceName) {
				t.Errorf("%s in %s: subject %q", kind, language, m.Subject)
			}
			for part, text := range map[string]string{"text": m.Text, "HTML": m.HTML} {
				if !strings.Contains(text, policy.ContactPoint) || !strings.Contains(text, policy.ContactHours) {
					t.Errorf("%s in %s: %s without contact point (1.3)", kind, language, part)
				}
				if strings.Contains(text, "{{") || strings.Contains(text, "no value") {
					t.Errorf("%s in %s: %s is not filled in:\n%s", kind, language, part, text)
				}
			}
			if strings.Contains(m.HTML, "<b>") || strings.Contains(m.HTML, "<img") || !strings.Contains(m.HTML, `lang="`+language+`"`) {
				t.Errorf("%s in %s: HTML\n%s", kind, language, m.HTML)
			}
		}
	}
}

func TestMailInFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	w.send(t, poa.Mail{PartyID: w.party(t, poa.PartyDelegator, "ja"), To: "hanako@example.com", Template: poa.MailNotice, Language: "ja", Values: values})
	m := next(t, w.mail.got)
	if m.Subject != "【Ininjo 電子委任状サービス】失効（委任者の申出）（01234-56789）" {
		t.Errorf("subject %q", m.Subject)
	}
	for _, line := range []string{"状態：失効（委任者の申出）\n", "日時：2026年6月1日 12時00分（日本時間）\n", "通知番号：42\n"} {
		if !strings.Contains(m.Text, line) {
			t.Errorf("no %q in\n%s", line, m.Text)
		}
	}
}

func TestMailRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.failures = []error{errors.New("the mail server answered 451"), errors.New("the mail server answered 451")}
	w.start(t)
	id := w.send(t, poa.Mail{PartyID: w.party(t, poa.PartyDelegator, "ja"), To: "hanako@example.com", Template: poa.MailSetPassword, Language: "ja", Values: values})
	if m := next(t, w.mail.got); m.ID != id {
		t.Errorf("sent %s", m.ID)
	}
	until(t, "the mail is recorded as sent", func() bool {
		m, err := w.DB.Mail(t.Context(), id)
		return err == nil && !m.SentAt.IsZero()
	})
}

func TestMailRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.failures = []error{jobs.ErrMailRefused}
	w.start(t)
	w.send(t, poa.Mail{PartyID: w.party(t, poa.PartyDelegator, "ja"), To: "hanako@example.com", Template: poa.MailSetPassword, Language: "ja", Values: values})
	until(t, "the job is cancelled", func() bool { return w.count(t, "send_mail", "cancelled") == 1 })
	if w.mail.tried != 1 {
		t.Errorf("tried %d times", w.mail.tried)
	}
}

// A message that lacks its link does not go out, and its job keeps no value.
func TestMailWithoutItsLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	w.send(t, poa.Mail{PartyID: w.party(t, poa.PartyDelegator, "ja"), To: "hanako@example.com", Template: poa.MailSetPassword, Language: "ja", Values: map[string]string{"organisation": "例社"}})
	until(t, "the job is cancelled", func() bool { return w.count(t, "send_mail", "cancelled") == 1 })
	if w.mail.tried != 0 {
		t.Error("it went out")
	}
}
