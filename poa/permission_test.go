// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
)

// What an act of a chapter wants of staff, where that is no permission.
const (
	noStaff poa.Permission = "-"      // for parties and delegates: staff are refused
	anybody poa.Permission = "*"      // asks no role: one's own session, a link's bearer, what is empty for staff
	seen    poa.Permission = "hidden" // shows with SEE_PARTIES; missing and not-yours look the same: TestWhatIsHidden
)

// wanted says of every method that takes an actor what it wants of staff. A new
// method that stands not here fails the test.
var wanted = map[string]poa.Permission{
	"Access.ResetFactors": poa.MayResetFactors, "Access.StaffFactors": poa.MayResetFactors,
	"Access.AcceptInvitation": anybody, "Access.AddPasskey": anybody, "Access.BeginPasskey": anybody, "Access.BeginSession": anybody, "Access.BeginTOTP": anybody,
	"Access.ChangePassword": anybody, "Access.ConfirmTOTP": anybody, "Access.EndOtherSessions": anybody, "Access.EndSession": anybody, "Access.ForgotPassword": anybody,
	"Access.MakeRecoveryCodes": anybody, "Access.PendingTOTP": anybody, "Access.RemovePasskey": anybody, "Access.RemoveTOTP": anybody, "Access.Security": anybody,
	"Access.Sessions": anybody, "Access.SetPassword": anybody,
	"Access.Invite": noStaff, "Access.Members": noStaff, "Access.ObligeSecondFactor": noStaff, // members are a party's
	"Access.ChangeMember": seen, "Access.RemoveMember": seen, "Access.ResendInvitation": seen, "Access.WithdrawInvitation": seen,

	"Desk.Answer": poa.MayAnswerQuestions, "Desk.AnswerFinding": poa.MayAnswerFindings, "Desk.Appoint": poa.MayAppoint, "Desk.Case": poa.MaySeeCases,
	"Desk.Cases": poa.MaySeeCases, "Desk.Claim": poa.MayWorkDesk, "Desk.ConfirmFinding": poa.MayReviewAudit,
	"Desk.Contacts": poa.MaySeeContacts, "Desk.Dismiss": poa.MayAppoint, "Desk.ExportContacts": poa.MaySeeContacts, "Desk.FindParties": poa.MaySeeParties,
	"Desk.HandOver": poa.MayAppoint, "Desk.LogContact": poa.MayLogContacts, "Desk.Note": poa.MayWorkDesk, "Desk.Party": poa.MaySeeParties, "Desk.People": poa.MaySeeStaff,
	"Desk.ProposeDismissal": poa.MayProposeDismissal, "Desk.Release": poa.MayWorkDesk, "Desk.ReviewLog": poa.MayReviewAudit, "Desk.Reviews": poa.MaySeeReviews,
	"Desk.TakeOver": poa.MayTakeOverCases,

	"Enrollment.AppointStaff": poa.MayAppoint, "Enrollment.Confirm": poa.MayConfirmOrganisations, "Enrollment.Decide": poa.MayDecideApplications,
	"Enrollment.Publish": poa.MayPublish, "Enrollment.CreateToken": noStaff, "Enrollment.RevokeToken": noStaff, "Enrollment.Tokens": noStaff,
	"Enrollment.RegisterDelegator": anybody, "Enrollment.RegisterRecipient": anybody, "Enrollment.SetPassword": anybody, "Enrollment.SignOut": anybody,

	"Enrollment.AnswerQuestion": poa.MayAnswerQuestions, "Enrollment.AskParty": poa.MayDecideApplications, "Enrollment.DecideChange": poa.MayDecideApplications,
	"Enrollment.EnterApplication": poa.MayEnterCases, "Enrollment.EnterChange": poa.MayEnterCases, "Enrollment.ResendProofFor": poa.MayDecideApplications,
	"Enrollment.AskService": noStaff, "Enrollment.Reapply": noStaff, "Enrollment.RequestChange": noStaff, "Enrollment.WithdrawApplication": noStaff, "Enrollment.WithdrawChange": noStaff,
	"Enrollment.ProveChange": anybody, "Enrollment.ResendProof": anybody,

	"Enrollment.ContractEnd": poa.MaySeeParties, "Enrollment.EndContract": poa.MayEndDelegations, "Enrollment.RotateToken": noStaff,

	"Notifier.Announcement": poa.MaySeeAnnouncements, "Notifier.Announcements": poa.MaySeeAnnouncements, "Notifier.PrepareAnnouncement": poa.MayPrepareAnnouncements,
	"Notifier.WithdrawAnnouncement": poa.MayPrepareAnnouncements, "Notifier.ReleaseAnnouncement": poa.MayReleaseAnnouncements, "Notifier.StopAnnouncement": poa.MayReleaseAnnouncements,
	"Notifier.ResumeAnnouncement": poa.MayReleaseAnnouncements, "Notifier.SampleLetter": poa.MaySeeAnnouncements,
	"Notifier.Letters": poa.MayPostLetters, "Notifier.PrintLetters": poa.MayPostLetters, "Notifier.PostLetters": poa.MayPostLetters, "Notifier.Suppressions": poa.MaySeeContacts,
	"Notifier.AddAddress": noStaff, "Notifier.Addresses": noStaff, "Notifier.AskAgain": noStaff, "Notifier.ConfirmAddress": anybody, "Notifier.RemoveAddress": noStaff,
	"Notifier.ResendDelivery": noStaff, "Notifier.SetWatchAsked": noStaff, "Notifier.UpdateAddress": noStaff,
	"Notifier.AcknowledgeFeed": noStaff, "Notifier.Feed": noStaff, "Records.EndsSeen": seen,
	"Records.AttemptsOf": anybody, "Records.CountWatches": noStaff, "Records.Delivery": anybody, "Records.DeliveryPage": anybody, "Records.WatchAsked": noStaff,
	"Records.WatchPage": noStaff, "Records.WatchesCSV": noStaff,
	"Responder.Export": noStaff, "Responder.Inquiries": noStaff, "Responder.InquiriesCSV": noStaff, "Responder.Inquiry": noStaff, "Responder.ReceiptAgain": noStaff, "Responder.InclusionProof": noStaff,

	"StatusLists.URIs": noStaff, "StatusLists.Version": noStaff,

	"Registrar.Decide": poa.MayDecideFilings, "Registrar.Suspend": poa.MaySuspend, "Registrar.Resume": poa.MaySuspend, "Registrar.EndByService": poa.MayEndDelegations,
	"Registrar.Challenge": noStaff, "Registrar.ChallengeOnce": noStaff, "Registrar.Decline": noStaff, "Registrar.Draft": noStaff, "Registrar.DrawnChallenge": noStaff,
	"Registrar.HandIn": noStaff, "Registrar.Renounce": noStaff, "Registrar.ResendLink": noStaff, "Registrar.Revoke": noStaff, "Registrar.Submit": noStaff, "Registrar.Withdraw": noStaff,

	"Notifier.CreateEndpoint": noStaff, "Notifier.DeleteEndpoint": noStaff, "Notifier.RotateSecret": noStaff, "Notifier.TestEndpoint": noStaff,
	"Notifier.Posted": anybody, "Notifier.ResendDeliveries": noStaff, "Notifier.CatchUp": noStaff, "Records.Resends": anybody, "Records.Troubled": anybody, "Notifier.UpdateEndpoint": noStaff, "Notifier.Watch": noStaff, "Notifier.Unwatch": noStaff,

	"Records.AuditEvent": poa.MayReadAudit, "Records.AuditEvents": poa.MayReadAudit, "Records.ExportAudit": poa.MayExportAudit,
	"Records.Delegation": seen, "Records.Delegations": seen, "Records.Delegator": seen, "Records.Delegators": seen, "Records.Details": seen, "Records.DetailsOf": seen,
	"Records.Evidence": poa.MayReadEvidence, "Records.File": seen, "Records.HandedIn": seen, "Records.PartyRefusals": seen, "Records.Recipient": seen, "Records.Recipients": seen,
	"Retention.Archives": poa.MaySeeRetention, "Retention.EraseOnRequest": poa.MayPrepareErasure, "Retention.Hold": poa.MaySeeRetention, "Retention.Holds": poa.MaySeeRetention,
	"Retention.LiftHold": poa.MayHold, "Retention.PrepareErasure": poa.MayPrepareErasure, "Retention.ReleaseErasure": poa.MayReleaseErasure, "Retention.Run": poa.MaySeeRetention,
	"Retention.RunItems": poa.MaySeeRetention, "Retention.Runs": poa.MaySeeRetention, "Retention.SetHold": poa.MayHold,

	"Titles.Bodies": poa.MaySeeParties, "Titles.BodyVersions": poa.MaySeeParties, "Titles.CorrectBody": poa.MayCorrectBodies, "Titles.Look": poa.MayCheckTitles,
	"Titles.RegistryStates": seen, "Titles.TitleCase": poa.MaySeeParties, "Titles.TitleQueue": poa.MaySeeParties,

	"Records.CertificateCheck": seen, "Records.Change": seen, "Records.Changes": seen, "Records.Compared": seen, "Records.Party": seen, "Records.PartyVersions": seen, "Records.Question": seen, "Records.Questions": seen, "Records.Thread": seen,
	"Records.Deliveries": anybody, "Records.Endpoint": anybody, "Records.Endpoints": anybody, "Records.Watches": noStaff,
}

// asksTable reports whether an act asks the table of permissions.
func asksTable(p poa.Permission) bool { return p != noStaff && p != anybody && p != seen }

// leavesEvent reports whether a refusal leaves its audit event: whatever wants
// something of its actor, of staff or of a party.
func leavesEvent(p poa.Permission) bool { return p != anybody && p != seen }

// acts are the methods of the chapters' types that take an actor, by reflection.
func (o *office) acts() map[string]reflect.Value {
	policy := o.policy
	chapters := []any{poa.NewAccess(o.clock, o.store, policy, hasher{}), o.desk(), poa.NewTitles(o.clock, o.store, policy), poa.NewRetention(o.clock, o.store, policy),
		o.enrollment, o.registrar, o.notifier, o.records, o.responder, poa.NewStatusLists(o.clock, o.store, o.data.DB, policy)}
	found := map[string]reflect.Value{}
	for _, chapter := range chapters {
		value := reflect.ValueOf(chapter)
		for i := range value.NumMethod() {
			method := value.Method(i)
			for n := range method.Type().NumIn() {
				if method.Type().In(n) == reflect.TypeFor[poa.Actor]() {
					found[value.Type().Elem().Name()+"."+value.Type().Method(i).Name] = method
				}
			}
		}
	}
	return found
}

func (o *office) desk() *poa.Desk { return poa.NewDesk(o.clock, o.store, o.policy) }

// try calls an act with an actor and nothing else, and returns its error: who
// is permitted is told what is missing.
func try(ctx context.Context, method reflect.Value, actor poa.Actor) error {
	in := make([]reflect.Value, method.Type().NumIn())
	for i := range in {
		switch kind := method.Type().In(i); kind {
		case reflect.TypeFor[context.Context]():
			in[i] = reflect.ValueOf(ctx)
		case reflect.TypeFor[poa.Actor]():
			in[i] = reflect.ValueOf(actor)
		default:
			in[i] = reflect.Zero(kind)
		}
	}
	out := method.Call(in)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

func permitted(err error) bool {
	return !errors.Is(err, poa.ErrForbidden) && !errors.Is(err, poa.ErrUnauthenticated)
}

// TestEveryActAsksTheTable calls every act as staff in every role: it is
// permitted if and only if the table says so, and what is refused is in the
// audit log.
func TestEveryActAsksTheTable(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	acts := o.acts()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(wanted)), slices.Sorted(maps.Keys(acts))); diff != "" {
		t.Fatalf("the table of this test and the chapters' methods differ:\n%s", diff)
	}
	asked := map[poa.Permission]bool{}
	for name, want := range wanted {
		asked[want] = true
		for _, role := range poa.Roles {
			actor := poa.Actor{Kind: poa.ActorStaff, ID: poa.NewID(poa.PrefixStaff), Roles: []poa.Role{role}, Language: "ja"}
			o.wantAsked(t, name, acts[name], want, actor)
		}
		if asksTable(want) {
			err := try(t.Context(), acts[name], poa.Anonymous("ja"))
			wantCode(t, err, poa.CodeUnauthenticated)
			for _, kind := range []poa.ActorKind{poa.ActorDelegator, poa.ActorRecipient, poa.ActorDelegate} {
				if name == "Enrollment.AnswerQuestion" || name == "Enrollment.EndContract" || name == "Enrollment.ContractEnd" || name == "Records.Evidence" { // parties may, too, of their own
					continue
				}
				if err := try(t.Context(), acts[name], poa.Actor{Kind: kind, ID: "acc_1", PartyID: "dgr_1", Roles: poa.Roles}); !errors.Is(err, poa.ErrForbidden) {
					t.Errorf("%s by a %s: %v", name, kind, err)
				}
			}
		}
	}
	for _, grant := range poa.Grants() {
		if !asked[grant.Permission] && grant.Permission != poa.MaySeeQueues && grant.Permission != poa.MaySeeParties {
			t.Errorf("no act asks for %s", grant.Permission)
		}
	}
	owner := poa.Actor{Kind: poa.ActorStaff, ID: poa.NewID(poa.PrefixStaff), Roles: []poa.Role{poa.RoleServiceOwner}}
	_, _, err := o.desk().LogContact(t.Context(), owner, poa.ContactInput{Question: true})
	wantCode(t, err, poa.CodeForbidden) // a contact that opens a case wants ENTER_CASES as well
}

func (o *office) wantAsked(t *testing.T, name string, act reflect.Value, want poa.Permission, actor poa.Actor) {
	t.Helper()
	if want == seen {
		return
	}
	before := o.forbidden(actor)
	err := try(t.Context(), act, actor)
	if allowed := want == anybody || actor.May(want); permitted(err) != allowed {
		t.Errorf("%s by %s: %v, and the table says %t", name, actor.Roles, err, allowed)
	}
	refusals := o.forbidden(actor) - before
	if leavesEvent(want) && refusals == 0 != permitted(err) {
		t.Errorf("%s by %s: %d refusals in the audit log", name, actor.Roles, refusals)
	}
}

// forbidden counts the refusals of an actor in the audit log.
func (o *office) forbidden(actor poa.Actor) int {
	list, err := o.store.AuditEvents(o.tb.Context(), poa.AuditFilter{ActorID: actor.ID, Outcome: string(poa.CodeForbidden)}, poa.Page{First: 1})
	must(o.tb, err)
	return list.Total
}

// TestWhatIsHidden shows parties and delegations to the roles of the table, and
// to the others nothing that could be told from what is not there.
func TestWhatIsHidden(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.submitted()
	ctx := t.Context()
	for _, role := range poa.Roles {
		actor := poa.Actor{Kind: poa.ActorStaff, ID: poa.NewID(poa.PrefixStaff), Roles: []poa.Role{role}}
		errs := map[string]error{}
		_, errs["Delegation"] = o.records.Delegation(ctx, actor, string(d.ID))
		_, errs["Delegator"] = o.records.Delegator(ctx, actor, d.DelegatorID)
		_, errs["Recipient"] = o.records.Recipient(ctx, actor, o.recipient.PartyID)
		_, errs["Details"] = o.records.Details(ctx, actor, d)
		_, errs["DetailsOf"] = o.records.DetailsOf(ctx, actor, []poa.Delegation{d})
		_, errs["File"] = o.records.File(ctx, actor, string(d.ID), poa.FileSigned)
		_, errs["HandedIn"] = o.records.HandedIn(ctx, actor, d.ID)
		_, errs["PartyRefusals"] = o.records.PartyRefusals(ctx, actor, d.DelegatorID)
		lists := map[string]int{}
		delegations, err := o.records.Delegations(ctx, actor, poa.DelegationFilter{}, poa.Order{}, poa.Page{})
		must(t, err)
		delegators, err := o.records.Delegators(ctx, actor, poa.PartyFilter{}, poa.Order{}, poa.Page{})
		must(t, err)
		recipients, err := o.records.Recipients(ctx, actor, poa.PartyFilter{}, poa.Order{}, poa.Page{})
		must(t, err)
		lists["Delegations"], lists["Delegators"], lists["Recipients"] = len(delegations.Items), len(delegators.Items), len(recipients.Items)
		allowed := actor.May(poa.MaySeeParties)
		for name, err := range errs {
			if (err == nil) != allowed || err != nil && !errors.Is(err, poa.ErrNotFound) {
				t.Errorf("%s by %s: %v", name, role, err)
			}
		}
		for name, n := range lists {
			if n > 0 != allowed {
				t.Errorf("%s lists %d to %s", name, n, role)
			}
		}
	}
}

// TestRolesAreAsThePageSays holds docs/roles.md to the data.
func TestRolesAreAsThePageSays(t *testing.T) {
	t.Parallel()
	const page = "../docs/roles.md"
	want := rolesPage()
	if *update {
		must(t, os.WriteFile(page, []byte(want), 0o644))
	}
	have, err := os.ReadFile(page)
	must(t, err)
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("docs/roles.md is not the table of poa (go test ./poa -run TestRolesAreAsThePageSays -update):\n%s", diff)
	}
}

func rolesPage() string {
	var b strings.Builder
	text := func(key string) string { return locale.Text("en", key, nil) }
	both := func(key string) string { return text(key) + "<br>" + locale.Text("ja", key, nil) }
	ground := func(clause string) string {
		if clause == "" {
			return "ours"
		}
		return clause
	}
	fmt.Fprint(&b, "# Roles\n\nGenerated from `poa/permission.go` and `poa/role.go`: do not edit it. Every act of staff asks this table, the page `/staff/roles` shows it,\nand `TestEveryActAsksTheTable` proves that no act forgets to. \"Ours\" marks what the operating rules do not say.\n")
	fmt.Fprint(&b, "\n## Who may hold a role, and who appoints\n\n| role | at once | appointed and dismissed by | clause |\n|---|---|---|---|\n")
	for _, r := range poa.RoleRules() {
		limit := fmt.Sprint(r.Limit)
		if r.Limit == 0 {
			limit = "any number"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", both("role."+string(r.Role)), limit, text("role."+string(r.AppointedBy)), ground(r.Clause))
	}
	fmt.Fprint(&b, "\nThe first service owner is appointed once by `ininjo staff add --fitness-declared`; then the role passes on by handing over, in one act. Nobody is\nappointed without a recorded check of fitness (7.2.2, 11.1). A dismissal ends the rights with its commit; an account without roles is disabled.\n")
	fmt.Fprint(&b, "\n## Who may do what\n\n| act |")
	for _, r := range poa.Roles {
		fmt.Fprintf(&b, " %s |", text("role."+string(r)))
	}
	fmt.Fprintf(&b, " clause |\n|---|%s---|\n", strings.Repeat("---|", len(poa.Roles)))
	for _, g := range poa.Grants() {
		fmt.Fprintf(&b, "| %s |", both("permission."+string(g.Permission)))
		for _, r := range poa.Roles {
			mark := " "
			if slices.Contains(g.Roles, r) {
				mark = " ● "
			}
			fmt.Fprintf(&b, "%s|", mark)
		}
		fmt.Fprintf(&b, " %s |\n", ground(g.Clause))
	}
	fmt.Fprint(&b, "\n## Roles that exclude each other\n\nThat they do is ours; the clause is what lets one check the other. The database refuses the same pairs.\n\n| role | excludes | why | clause |\n|---|---|---|---|\n")
	for _, e := range poa.Exclusions() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", text("role."+string(e.One)), text("role."+string(e.Other)), text("exclusion."+e.Why), ground(e.Clause))
	}
	fmt.Fprint(&b, "\n## What needs two people\n\nWhoever did the first half never does the second.\n\n| what | first half | second half | clause |\n|---|---|---|---|\n")
	for _, two := range poa.NeedsTwo() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", text("two."+two.Name), text("permission."+string(two.First)), text("permission."+string(two.Second)), ground(two.Clause))
	}
	return b.String()
}

// staffing is a plain model of who holds what: person by person, role by role.
type staffing struct {
	o        *office
	desk     *poa.Desk
	acts     map[string]reflect.Value
	accounts []string
	held     []map[poa.Role]string
	proposed map[string]bool
	owner    int
}

// TestRandomAppointments appoints and dismisses at random: the model foretells
// every answer, no exclusion and no limit is ever broken, and every act is
// permitted exactly to those whom the table names, at every time.
func TestRandomAppointments(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	s := &staffing{o: o, desk: o.desk(), acts: o.acts()}
	s.accounts = append(s.accounts, o.serviceOwner.ID, o.reception.ID, o.auditor.ID)
	for i := range 2 {
		account, err := o.enrollment.AppointStaff(t.Context(), o.serviceOwner, poa.StaffInput{Name: "担当　者", Email: fmt.Sprintf("more%d@ininjo.example", i), Roles: []poa.Role{poa.RoleReception}, Fitness: poatest.Fitness(), Password: password})
		must(t, err)
		s.accounts = append(s.accounts, account.ID)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s.begin(t)
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			s.step(rt, t)
		}
		s.compare(rt, t)
	})
}

// begin leaves the owner alone in office.
func (s *staffing) begin(t *testing.T) {
	s.o.data.Exec(t, "DELETE FROM held_roles; DELETE FROM dismissals; DELETE FROM dismissal_proposals; DELETE FROM appointments", "UPDATE accounts SET roles = '{}', disabled_at = created_at WHERE kind = 'STAFF'",
		fmt.Sprintf("INSERT INTO appointments (id, account_id, role, from_at, appointed_by) VALUES ('%s', '%s', 'SERVICE_OWNER', now(), 'migration')", poa.NewID(poa.PrefixAppointment), s.accounts[0]))
	s.held, s.proposed, s.owner = make([]map[poa.Role]string, len(s.accounts)), map[string]bool{}, 0
	for i := range s.held {
		s.held[i] = map[poa.Role]string{}
	}
	s.learn(t)
}

// learn takes over the IDs of the appointments that hold.
func (s *staffing) learn(t *testing.T) {
	holders, err := s.o.store.Holders(t.Context())
	must(t, err)
	for i := range s.held {
		clear(s.held[i])
	}
	for _, a := range holders {
		s.held[slices.Index(s.accounts, a.AccountID)][a.Role] = a.ID
	}
}

func (s *staffing) actor(t *testing.T, i int) poa.Actor {
	actor, err := s.o.store.ActorByAccount(t.Context(), s.accounts[i])
	if len(s.held[i]) == 0 {
		wantCode(t, err, poa.CodeNotFound)
		return poa.Actor{Kind: poa.ActorStaff, ID: s.accounts[i]}
	}
	must(t, err)
	return actor
}

func (s *staffing) step(rt *rapid.T, t *testing.T) {
	by := s.owner
	if rapid.IntRange(0, 5).Draw(rt, "somebody else") == 0 {
		by = rapid.IntRange(0, len(s.accounts)-1).Draw(rt, "by")
	}
	actor, who := s.actor(t, by), rapid.IntRange(0, len(s.accounts)-1).Draw(rt, "who")
	switch rapid.SampledFrom([]string{"appoint", "appoint", "appoint", "dismiss", "propose", "hand over"}).Draw(rt, "what") {
	case "appoint":
		roles := rapid.SliceOfNDistinct(rapid.SampledFrom(poa.Roles), 1, 2, rapid.ID).Draw(rt, "roles")
		err := s.desk.Appoint(t.Context(), actor, poa.AppointInput{IdempotencyKey: newKey(), AccountID: s.accounts[who], Roles: roles, Fitness: poatest.Fitness()})
		s.want(rt, actor.May(poa.MayAppoint) && s.fits(who, roles), err, "appointing %d to %s", who, roles)
	case "dismiss":
		if role, id, ok := s.anyHeld(rt, who); ok {
			err := s.desk.Dismiss(t.Context(), actor, poa.DismissInput{IdempotencyKey: newKey(), AppointmentID: id, Name: "担当者", Ground: "異動"})
			s.want(rt, actor.May(poa.MayAppoint) && role != poa.RoleServiceOwner && (role != poa.RoleAuditor || s.proposed[id]), err, "dismissing %d as %s", who, role)
		}
	case "propose":
		if role, id, ok := s.anyHeld(rt, who); ok {
			err := s.desk.ProposeDismissal(t.Context(), actor, poa.DismissInput{IdempotencyKey: newKey(), AppointmentID: id, Name: "担当 者", Ground: "不在"})
			may := actor.May(poa.MayProposeDismissal) && role == poa.RoleAuditor && !s.proposed[id]
			s.want(rt, may, err, "proposing to dismiss %d as %s", who, role)
			s.proposed[id] = s.proposed[id] || may
		}
	case "hand over":
		others := len(s.held[who]) == 0 || who != by && !slices.ContainsFunc(slices.Collect(maps.Keys(s.held[who])), func(r poa.Role) bool { return poa.Exclude(r, poa.RoleServiceOwner) })
		err := s.desk.HandOver(t.Context(), actor, poa.HandOverInput{IdempotencyKey: newKey(), AccountID: s.accounts[who], Name: "担当　者", Ground: "交代", Fitness: poatest.Fitness()})
		may := actor.May(poa.MayAppoint) && who != by && others
		s.want(rt, may, err, "handing over to %d", who)
		if may {
			s.owner = who
		}
	}
	s.o.clock.Advance(time.Second)
	s.learn(t)
}

func (s *staffing) anyHeld(rt *rapid.T, who int) (poa.Role, string, bool) {
	roles := slices.Sorted(maps.Keys(s.held[who]))
	if len(roles) == 0 {
		return "", "", false
	}
	role := rapid.SampledFrom(roles).Draw(rt, "role")
	return role, s.held[who][role], true
}

// fits is the rule in plain words: nobody has the role twice, one person has
// each but reception, and no two roles of one person exclude each other.
func (s *staffing) fits(who int, roles []poa.Role) bool {
	all := slices.Concat(slices.Collect(maps.Keys(s.held[who])), roles)
	for i, one := range all {
		for _, other := range all[i+1:] {
			if one == other || poa.Exclude(one, other) {
				return false
			}
		}
	}
	for _, role := range roles {
		for _, held := range s.held {
			if _, taken := held[role]; taken && role != poa.RoleReception {
				return false
			}
		}
	}
	return true
}

func (s *staffing) want(rt *rapid.T, done bool, err error, what string, args ...any) {
	if (err == nil) != done || poa.CodeOf(err) == poa.CodeInternal && err != nil {
		rt.Fatalf("%s: %v, want done %t; held %v", fmt.Sprintf(what, args...), err, done, s.held)
	}
}

// compare holds what the store says to the model, and some acts to the table.
func (s *staffing) compare(rt *rapid.T, t *testing.T) {
	names := slices.Sorted(maps.Keys(wanted))
	count := map[poa.Role]int{}
	for i := range s.accounts {
		actor := s.actor(t, i)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(s.held[i])), slices.Sorted(slices.Values(actor.Roles)), emptyAsNil); diff != "" {
			rt.Fatalf("person %d acts in other roles than held:\n%s", i, diff)
		}
		for _, role := range actor.Roles {
			count[role]++
		}
		name := rapid.SampledFrom(names).Draw(rt, "act")
		if want := wanted[name]; want != seen && want != anybody {
			if err := try(t.Context(), s.acts[name], actor); permitted(err) != actor.May(want) {
				rt.Fatalf("%s by %v: %v", name, actor.Roles, err)
			}
		}
	}
	for role, n := range count {
		if role != poa.RoleReception && n > 1 {
			rt.Fatalf("%d persons are %s", n, role)
		}
	}
	if count[poa.RoleServiceOwner] != 1 {
		rt.Fatalf("there are %d service owners", count[poa.RoleServiceOwner])
	}
}

var emptyAsNil = cmp.Transformer("empty", func(list []poa.Role) string { return fmt.Sprint(list) })
