// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// grounds says of every kind of notice why it is sent: never because something
// was audited (6.2.7). Whom a notice goes to is what its ground says.
var grounds = map[poa.NoticeType]string{
	poa.NoticeAccepted:     "4.1.5: the filing was accepted; to its delegator",
	poa.NoticeRefused:      "4.1.5: the filing was refused; to its delegator",
	poa.NoticeEffective:    "5.1: the term began; to the delegator and to who watches",
	poa.NoticeRevoked:      "4.2: the delegator revoked; to the delegator and to who watches",
	poa.NoticeRenounced:    "4.2: the delegate renounced; to the delegator and to who watches",
	poa.NoticeSuperseded:   "4.3: another took its place; to the delegator and to who watches",
	poa.NoticeSuspended:    "4.1.2: reception or a title's body; to the delegator and to who watches",
	poa.NoticeResumed:      "4.1.2: the suspension was lifted; to the delegator and to who watches",
	poa.NoticeExpiring:     "5.1: the term is about to end, by the clock; to the delegator and to who watches",
	poa.NoticeExpired:      "5.1: the term ended, by the clock; to the delegator and to who watches",
	poa.NoticeEnded:        "2.8: the contract or the service ended; to the delegator and to who watches",
	poa.NoticeAnnouncement: "6.3.1: the service announced; to every party",
	poa.NoticeClosing:      "6.3.3: the service closes; to every party",
	poa.NoticeTest:         "the party asked for it at its own endpoint",
	poa.NoticeHeartbeat:    "the clock; to every active endpoint",
}

// mailGrounds says it of every kind of mail.
var mailGrounds = map[poa.MailTemplate]string{
	poa.MailAnnouncement:        "2.1.1, 6.3.1, 6.3.3: the service announced; to every party of its audience",
	poa.MailApplicationReceived: "3.1: the applicant applied", poa.MailApplicationAccepted: "3.1: the application was decided",
	poa.MailApplicationRefused: "3.1: the application was decided", poa.MailApplicationWithdrawn: "3.1: the applicant withdrew",
	poa.MailAddressProof: "3.1: the applicant gave the address", poa.MailAddressChanged: "3.3: the party's address changed; to the former one as well",
	poa.MailQuestionAsked: "3.1: reception asks", poa.MailQuestionAnswered: "10.2.1: the question was answered",
	poa.MailChangeReceived: "3.3: the party asked for a change", poa.MailChangeAccepted: "3.3: the change was decided", poa.MailChangeRefused: "3.3: the change was decided",
	poa.MailDelegateLink: "4.1: the delegate is asked for the certificate", poa.MailRenounceLink: "4.2: the delegate may renounce",
	poa.MailCertificateRefused: "4.1.5: the certificate was refused; to who handed it in",
	poa.MailFilingReceived:     "4.1.4: the filing arrived", poa.MailFilingAccepted: "4.1.5: the filing was decided", poa.MailFilingRefused: "4.1.5: the filing was decided",
	poa.MailTitleSuspended: "4.1.2: the title stands no more", poa.MailTitleResumed: "4.1.2: the title stands again", poa.MailTitleRefused: "4.1.2: the title was not confirmed",
	poa.MailNotice: "a notice, by its own ground", poa.MailConfirmAddress: "the party added the address", poa.MailSetPassword: "the account was made or its owner asked",
	poa.MailTokenExpiring: "the clock: a token is about to end", poa.MailAccountClosed: "2.8: the party closed its account", poa.MailContractEnded: "2.8: the contract ended",
	poa.MailNewDevice:       "8.3: the account was signed in to by a device that it did not know; to its owner",
	poa.MailPasswordChanged: "8.3: the password changed; to the account's owner", poa.MailFactorAdded: "8.3: a factor was added; to the account's owner",
	poa.MailFactorRemoved: "8.3: a factor was removed; to the account's owner", poa.MailFactorReset: "8.3: the factors were reset; to the account's owner",
	poa.MailRecoveryUsed:    "8.3: a recovery code was used; to the account's owner",
	poa.MailEndpointFailing: "6.3: the party's endpoint begins to fail", poa.MailEndpointFailingHalf: "6.3: the party's endpoint still fails", poa.MailEndpointDisabled: "6.3: the party's endpoint was switched off",
	poa.MailInvitation: "the party's administrator invites", poa.MailRoleChanged: "the party's administrator changed a member's role", poa.MailMemberRemoved: "the party's administrator removed a member",
}

// TestEveryNoticeHasItsGround reads every kind of notice and of mail out of
// poa's source, so that none can be forgotten, and wants a ground for each that
// is not the audit of something.
func TestEveryNoticeHasItsGround(t *testing.T) {
	t.Parallel()
	found := constantsOf(t, "NoticeType", "MailTemplate")
	for kind, table := range map[string]map[string]string{"NoticeType": texts(grounds), "MailTemplate": texts(mailGrounds)} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(found[kind])), slices.Sorted(maps.Keys(table))); diff != "" {
			t.Errorf("kinds of %s without a ground, or grounds without a kind (-source +table):\n%s", kind, diff)
		}
		for name, ground := range table {
			if ground == "" || regexp.MustCompile(`(?i)audit|監査|\blog\b`).MatchString(ground) {
				t.Errorf("%s: the ground of %q is %q", kind, name, ground)
			}
		}
	}
	for _, sent := range poa.NoticeTypes {
		if grounds[sent] == "" {
			t.Errorf("%s can be asked for and has no ground", sent)
		}
	}
}

func texts[K ~string](table map[K]string) map[string]string {
	all := map[string]string{}
	for k, v := range table {
		all[string(k)] = v
	}
	return all
}

// sources are the source files of rooms that hold rules or work jobs off.
func sources(t *testing.T, patterns ...string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		must(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			must(t, err)
		}
	}
	return files
}

// constantsOf reads the constants of types of package poa.
func constantsOf(t *testing.T, kinds ...string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range sources(t, "*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			literal, text := spec.Values[0].(*ast.BasicLit)
			if named && text && slices.Contains(kinds, kind.Name) {
				value, err := strconv.Unquote(literal.Value)
				must(t, err)
				found[kind.Name] = append(found[kind.Name], value)
			}
			return true
		})
	}
	return found
}

// readsLog are the methods of the store by which the audit log is read.
var readsLog = []string{"AuditEvents", "AuditEvent", "EachAuditEvent", "Inquiries", "Inquiry", "CaseHistory", "ReadMonth"}

// sends are the methods by which something is sent.
var sends = []string{"Publish", "InsertNotice", "InsertDelivery", "InsertMail", "mail", "mailParty", "mailNotice", "enqueueDelivery"}

// TestNothingSentReadsTheLog holds that no function of poa that sends also reads
// the audit log, and that no job reads it: the rooms of jobs have no way to it
// but to make, export and archive its months (6.2.7).
func TestNothingSentReadsTheLog(t *testing.T) {
	t.Parallel()
	reading, sending := 0, 0
	for name, file := range sources(t, "*.go") {
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			reads, posts := calls(f, readsLog), calls(f, sends)
			reading, sending = reading+len(reads), sending+len(posts)
			if len(reads) > 0 && len(posts) > 0 {
				t.Errorf("%s: %s reads the log (%v) and sends (%v)", name, f.Name.Name, reads, posts)
			}
		}
	}
	if reading == 0 || sending < 10 {
		t.Errorf("found %d readings and %d sendings: the lists of this test do not fit the code", reading, sending)
	}
	for name, file := range sources(t, "../jobs/*.go") {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Body != nil {
				if reads := calls(f, readsLog); len(reads) > 0 {
					t.Errorf("%s: %s reads the log: %v", name, f.Name.Name, reads)
				}
			}
		}
		text, err := os.ReadFile(name)
		must(t, err)
		if strings.Contains(string(text), "audit_events") || strings.Contains(string(text), "inquiries") {
			t.Errorf("%s names a table of the log", name)
		}
	}
}

// calls lists which of the methods a function calls.
func calls(f *ast.FuncDecl, methods []string) []string {
	var found []string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if selector, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(methods, selector.Sel.Name) {
			found = append(found, selector.Sel.Name)
		}
		return true
	})
	return found
}
