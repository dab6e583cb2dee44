// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"ininjo/poa"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
)

// Sample is a view with data to render it with.
type Sample struct {
	Name, View string
	Actor      poa.Actor
	Data       any
	Forms      []*Form
}

// Views lists the names of all views.
func Views() ([]string, error) {
	v, err := parseViews(locale.Text)
	return v.names(), err
}

// parsed are the views, read once for all samples.
var parsed = sync.OnceValues(func() (views, error) { return parseViews(locale.Text) })

// Render renders a sample in a language.
func Render(lang string, s Sample) (string, error) {
	v, err := parsed()
	if err != nil {
		return "", err
	}
	p := &portal{Config: Config{Policy: poa.DefaultPolicy("http://portal.test"), Text: locale.Text, Demo: true}, views: v}
	r := &request{Request: httptest.NewRequest("GET", "/delegations", nil), lang: lang, actor: s.Actor, theme: "system", utc: "hidden"}
	var out bytes.Buffer
	err = v.execute(&out, lang, s.View, p.page(r, s.View, s.Data, s.Forms))
	return out.String(), err
}

// Status is what a sample is answered with.
func (s Sample) Status() int {
	if f, ok := s.Data.(failure); ok {
		return f.Status
	}
	for _, f := range s.Forms {
		if len(f.Faults) > 0 {
			return http.StatusUnprocessableEntity
		}
	}
	return http.StatusOK
}

// SampleHandler serves the samples under /samples/ as the portal serves pages.
func SampleHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", staticFiles())
	for _, each := range Samples() {
		show := func(w http.ResponseWriter, r *http.Request) {
			setHeaders(w.Header())
			text, err := Render(chooseLanguage(w, r), each)
			if err != nil {
				http.Error(w, err.Error(), http.StatusTeapot)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if r.Header.Get("HX-Request") == "" { // what a page asks for itself afterwards is no answer to a form
				w.WriteHeader(each.Status())
			}
			_, _ = w.Write([]byte(text))
		}
		mux.HandleFunc("GET /samples/"+each.Name, show)
		if asks, ok := each.Data.(deliveryView); ok && asks.Waiting { // the page asks for itself again and again
			mux.HandleFunc("GET /endpoints/"+asks.Endpoint.ID+"/deliveries/"+asks.ID, show)
		}
		if asks, ok := each.Data.(endpointView); ok && asks.ResendGoesOn() {
			mux.HandleFunc("GET /endpoints/"+asks.ID, show)
		}
	}
	return mux
}

// Fail answers as the portal does where a handler panics, a view cannot be
// rendered, or somebody comes too often.
func Fail(what string, now time.Time) (int, http.Header, string) {
	v, err := parseViews(locale.Text)
	if err != nil {
		return 0, nil, err.Error()
	}
	if what == "view" {
		delete(v["ja"], "failure")
	}
	p := &portal{Config: Config{Policy: poa.DefaultPolicy("http://portal.test"), Text: locale.Text, Clock: poatest.NewClock(now), Log: slog.New(slog.DiscardHandler), Session: nobodys{}}, views: v}
	do := map[string]func(*portal, *request) error{
		"panic": func(*portal, *request) error { panic("what was typed") },
		"view":  func(*portal, *request) error { return poa.ErrNotFound },
		"early": func(_ *portal, r *request) error {
			r.w.Header().Set("Retry-After", "7")
			return &poa.Error{Code: poa.CodeRateLimited}
		},
	}[what]
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "req_1")
	p.handler(route{"GET /", anyone, do}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Code, w.Header(), w.Body.String()
}

// nobodys is a session of nobody.
type nobodys struct{}

// Actor is nobody.
func (nobodys) Actor(context.Context) (poa.Actor, bool) { return poa.Actor{}, false }

// SignIn does nothing.
func (nobodys) SignIn(context.Context, poa.Actor, string) error { return nil }

// Keep keeps nothing.
func (nobodys) Keep(context.Context, string, string) {}

// Kept returns nothing.
func (nobodys) Kept(context.Context, string) string { return "" }

// Renew does nothing.
func (nobodys) Renew(context.Context) error { return nil }

// SignOut does nothing.
func (nobodys) SignOut(context.Context) error { return nil }

// Keys are the keys of the portal's own texts in a language.
func Keys(lang string) (map[string]string, error) {
	t, err := loadTexts()
	return t[lang], err
}

var (
	sampleAt     = time.Date(2026, 11, 23, 2, 20, 28, 123000, time.UTC)
	delegatorWho = poa.Actor{Kind: poa.ActorDelegator, ID: "acc_1", PartyID: "dgr_1"}
	recipientWho = poa.Actor{Kind: poa.ActorRecipient, ID: "acc_2", PartyID: "rcp_1"}
	staffWho     = poa.Actor{Kind: poa.ActorStaff, ID: "stf_1", Roles: poa.Roles}
	nobody       = poa.Anonymous("ja")
)

func sampleDelegation(state poa.State) poa.Delegation {
	d := poa.Delegation{ID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", DelegatorID: "dgr_1", State: state, ValidFrom: poa.Date{Year: 2026, Month: 11, Day: 1}, ValidThrough: poa.Date{Year: 2027, Month: 10, Day: 31},
		DraftedAt: sampleAt, DelegateCertifiedAt: sampleAt,
		Contents: poa.Contents{Mandator: poa.Mandator{Kind: poa.Corporation, CorporateNumber: "5010001234567", Name: "株式会社見本商事", Address: "東京都千代田区霞が関一丁目1番1号", RepresentativeTitle: "代表取締役", RepresentativeName: "見本 太郎"},
			Delegate: poa.Delegate{Name: "受任 花子", Title: "営業部長", Qualification: poa.TaxAccountant, Address: "東京都港区芝公園四丁目2番8号", Identification: "E-1024", Email: "hanako@example.jp"},
			Powers:   []string{"○○市との業務委託契約の締結", "入札への参加および見積書の提出"}, Limits: []string{"1 件 500 万円まで"}}}
	if state != poa.StateDrafted {
		d.Acknowledgement = &poa.Acknowledgement{Number: "D-20261123-000042", SubmittedAt: sampleAt, VerifiedAt: sampleAt}
		d.FileSHA256 = [32]byte{1, 2, 3}
	}
	return d
}

func sampleParty(role poa.PartyRole, state poa.EnrollmentState) poa.Party {
	return poa.Party{ID: "dgr_1", Role: role, Kind: poa.SoleProprietor, State: state, Number: "A-20261123-000042", AppliedAt: sampleAt, Profile: poa.Profile{Name: "見本屋", Address: "大阪府大阪市北区梅田一丁目1番",
		Email: "mihon@example.jp", Filer: "見本 次郎", Representative: poa.Representative{Title: "店主", Name: "見本 次郎", Address: "大阪府吹田市", Telephone: "06-0000-0000", BirthDate: poa.Date{Year: 1980, Month: 1, Day: 2}}}}
}

func sampleDetails() poa.Details {
	return poa.Details{Standing: poa.Standing{Status: poa.StatusSuspended, Reason: poa.ReasonServiceReview, Version: 2},
		Facts:    []poa.Fact{{Version: 1, Kind: poa.FactAccepted, Stands: true, From: sampleAt, RecordedAt: sampleAt}, {Version: 2, Kind: poa.FactSuspension, Reason: poa.ReasonServiceReview, From: sampleAt, Until: sampleAt, RecordedAt: sampleAt}},
		Checks:   []poa.Check{{Kind: poa.CheckSignature, Result: poa.CheckPassed, At: sampleAt}, {Kind: poa.CheckStatus, Result: poa.CheckNotChecked, Reason: "NO_STATUS_SOURCE", At: sampleAt}, {Kind: poa.CheckSignerName, Result: poa.CheckPossible, Reason: "SUBSTITUTE_CHARACTER", At: sampleAt}},
		Refusals: sampleRefusals(), Replacement: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHK",
		Title: &poa.QualificationStanding{Qualification: poa.TaxAccountant, Standing: poa.TitleStale, VerifiedAt: sampleAt}}
}

func sampleRefusals() []poa.Refusal {
	return []poa.Refusal{{Code: poa.CodeDocumentsInsufficient, Note: "登記事項証明書をお送りください。", At: sampleAt}}
}

func sampleView(state poa.State) delegationView {
	d := sampleDelegation(state)
	v := delegationView{Delegation: d, Steps: stepsOf(d), Draft: draftName(d)}
	if state == poa.StateAccepted {
		v.Details, v.MayReplace, v.MayRevoke = sampleDetails(), true, true
		v.Details.Refusals = nil
		v.OddNumber = &poa.ProfessionalBody{NumberExample: "123456", Uncertain: "桁数は未確認。"}
	}
	return v
}

// faulty is a form with a fault of every kind of place.
func faulty(scope string, fields ...string) *Form {
	f := &Form{Scope: scope, Values: url.Values{}, Key: "frm_1"}
	for _, name := range fields {
		f.Values.Set(name, "typed <"+name+">")
		f.Faults.Add(poa.CodeInvalid, name)
	}
	f.Faults.Add(poa.CodeTermsNotCurrent, "termsId")
	return f
}

// Samples lists views of every state, each with data.
func Samples() []Sample {
	all := append(publicSamples(), delegatorSamples()...)
	all = append(all, recipientSamples()...)
	all = append(all, ownSamples()...)
	all = append(all, applicationSamples()...)
	all = append(all, failureSamples()...)
	all = append(all, accessSamples()...)
	all = append(all, titleSamples()...)
	all = append(all, retentionSamples()...)
	all = append(all, staffSamples()...)
	all = append(all, signatureSamples()...)
	all = append(all, noticeSamples()...)
	all = append(all, announcementSamples()...)
	return append(all, deskSamples()...)
}

func publicSamples() []Sample {
	terms := poa.Published{ID: "trm_1", Kind: poa.TermsOfUse, Version: "1.0", Title: "利用約款", Body: "第1条\n目的\n\n第2条", EffectiveFrom: poa.Date{Year: 2026, Month: 4, Day: 1}}
	link := linkView{Base: "/l/injl_x", Delegation: sampleDelegation(poa.StateDrafted), Challenge: poa.Challenge{ID: "chl_1", ExpiresAt: sampleAt}, Content: "text"}
	fresh, accepted := link, link
	fresh.Delegation.DelegateCertifiedAt = time.Time{}
	accepted.Delegation, accepted.Standing = sampleDelegation(poa.StateAccepted), poa.Standing{Status: poa.StatusValid}
	registerFaults := faulty("register", "name", "address", "representative.title", "representative.name", "representative.address", "representative.telephone", "email")
	return []Sample{
		{"home", "home", nobody, poa.RegistrationNone, nil},
		{"repository", "repository", nobody, repositoryView{Stale: true, Shelves: []shelf{{poa.TermsOfUse, editions([]poa.Published{terms}, poa.TermsOfUse, poa.Date{Year: 2026, Month: 5, Day: 1})}, {poa.PriceList, nil}}}, nil},
		{"published", "published", nobody, publishedView{edition{Published: terms, InForce: true}, false}, nil},
		{"register-delegator", "register", nobody, registration{Role: "delegator", Terms: terms, Step: 1}, nil},
		{"register-recipient", "register", nobody, registration{Role: "recipient", Terms: terms, Step: 1, Mode: poa.RegistrationApproval}, nil},
		{"register-faults", "register", nobody, registration{Role: "delegator", Terms: terms, Step: 2, Lookup: poa.Lookup{Outcome: poa.LookupNone}}, []*Form{registerFaults}},
		{"register-closed", "register", nobody, registration{Role: "recipient", Step: 1, Mode: poa.RegistrationNone}, nil},
		{"registered", "registered", nobody, registered{"delegator", "A-20261123-000042", poa.RegistrationApproval}, nil},
		{"sign-in", "sign-in", nobody, nil, []*Form{faulty("sign-in", "password")}},
		{"password", "password", nobody, link, []*Form{faulty("password", "repeat")}},
		{"link-over", "link-over", nobody, nil, nil},
		{"delegate", "delegate", nobody, fresh, nil},
		{"delegate-done", "delegate", nobody, link, nil},
		{"delegate-accepted", "delegate", nobody, accepted, nil},
		{"challenge", "challenge", nobody, fresh, []*Form{faulty("hand-in", "signedFile")}},
		{"decline", "decline", nobody, link, nil},
		{"renounce", "renounce", nobody, accepted, nil},
		{"answered", "answered", nobody, "declined", nil},
		{"answered-renounced", "answered", nobody, "renounced", nil},
	}
}

// failureSamples are the pages of everything that may go wrong.
func failureSamples() []Sample {
	var all []Sample
	for code, status := range statusOf {
		name, seconds, again := "failure-"+strings.ToLower(string(code)), 0, time.Time{}
		if code == poa.CodeRateLimited {
			seconds, again = 7, sampleAt
		}
		all = append(all, Sample{name, "failure", nobody, failure{status, code, nil, "req_1", seconds, again}, nil})
	}
	return append(all, Sample{"failure-internal", "failure", nobody, failure{500, poa.CodeInternal, nil, "req_1", 0, time.Time{}}, nil},
		Sample{"failure-faults", "failure", nobody, failure{422, poa.CodeBadUserInput, poa.Faults{{Code: poa.CodeRequired, Field: []string{"name"}}}, "req_1", 0, time.Time{}}, nil})
}

func delegatorSamples() []Sample {
	p := sampleView(poa.StateDrafted)
	p.DelegateCertifiedAt = time.Time{}
	refused := sampleView(poa.StateRefused)
	refused.Details.Refusals = sampleRefusals()
	rows := []row{{sampleDelegation(poa.StateAccepted), poa.Standing{Status: poa.StatusValid}}, {sampleDelegation(poa.StateSubmitted), poa.Standing{}}, {sampleDelegation(poa.StateAccepted), poa.Standing{Status: poa.StatusRevoked}}, {sampleDelegation(poa.StateAccepted), poa.Standing{Status: poa.StatusSuperseded}}}
	refusedApplication := applicationView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentRefused), Refusals: sampleRefusals(), Administers: true}
	return []Sample{
		{"application", "application", delegatorWho, applicationView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentApplied)}, nil},
		{"application-refused", "application", delegatorWho, refusedApplication, nil},
		{"application-active", "application", delegatorWho, applicationView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentActive)}, nil},
		{"application-ended", "application", delegatorWho, applicationView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentEnded)}, nil},
		{"delegations", "delegations", delegatorWho, delegationsView{Rows: rows, Pager: pager{42, "?before=x", "?after=y"}, Choices: []Option{{"VALID", "有効"}}}, nil},
		{"delegations-empty", "delegations", delegatorWho, delegationsView{}, nil},
		{"delegations-none", "delegations", delegatorWho, delegationsView{Filtered: true, Search: "x"}, nil},
		{"draft", "draft", delegatorWho, draftView{Mandator: poa.RegisterEntry{Name: "株式会社見本商事", CorporateNumber: "5010001234567", Address: "東京都千代田区", RepresentativeTitle: "代表取締役", RepresentativeName: "見本 太郎"}, Kind: poa.Corporation, MaxYears: 10}, nil},
		{"draft-faults", "draft", delegatorWho, draftView{Kind: poa.Corporation, Replaces: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", MaxYears: 10}, []*Form{faulty("draft", "delegate.name", "delegate.qualification", "delegate.title", "delegate.address", "delegate.identification", "delegate.email", "powers", "powers.1", "limits", "subDelegation", "validFrom", "validThrough")}},
		{"delegation-waiting", "delegation", delegatorWho, p, nil},
		{"delegation-sign", "delegation", delegatorWho, sampleView(poa.StateDrafted), []*Form{faulty("submit", "signedFile")}},
		{"delegation-submitted", "delegation", delegatorWho, sampleView(poa.StateSubmitted), nil},
		{"delegation-accepted", "delegation", delegatorWho, sampleView(poa.StateAccepted), nil},
		{"delegation-refused", "delegation", delegatorWho, refused, nil},
		{"withdraw", "withdraw", delegatorWho, sampleView(poa.StateSubmitted), nil},
		{"revoke", "revoke", delegatorWho, sampleView(poa.StateAccepted), []*Form{faulty("revoke", "at")}},
	}
}

func recipientSamples() []Sample {
	yes, no := true, false
	term := &poa.Term{From: poa.Date{Year: 2026, Month: 11, Day: 1}, Through: poa.Date{Year: 2027, Month: 10, Day: 31}}
	var all []Sample
	for _, status := range []poa.ValidityStatus{poa.StatusValid, poa.StatusNotYetValid, poa.StatusExpired, poa.StatusRevoked, poa.StatusRenounced, poa.StatusSuperseded, poa.StatusSuspended, poa.StatusEnded, poa.StatusUnknown} {
		a := poa.Answer{Standing: poa.Standing{Status: status}, DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", AnsweredAt: sampleAt, InquiryID: "inq_1", Term: term,
			Qualification: &poa.QualificationStanding{Qualification: poa.TaxAccountant, Standing: poa.TitleFresh, VerifiedAt: sampleAt}}
		if status == poa.StatusValid {
			a.DocumentMatches = &yes
		} else if status == poa.StatusRevoked {
			a.DocumentMatches = &no
		}
		all = append(all, Sample{"check-" + strings.ToLower(string(status)), "check", recipientWho, checkView{Answer: &a, Receipt: "a.b.c", Asked: true}, nil})
	}
	endpoint := poa.Endpoint{ID: "whe_1", URL: "https://example.jp/hook", State: poa.EndpointActive, Types: poa.NoticeTypes[:2], Description: "見本"}
	made := endpoint
	made.Secret = "whsec_AAAA"
	delivery := poa.Delivery{State: poa.DeliveryFailed, Attempts: 3, LastStatus: 503, LastError: "STATUS", LastAt: sampleAt, Notice: poa.Notice{Sequence: 4, Change: poa.Change{Type: poa.NoticeRevoked, DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ"}}}
	token := poa.Token{ID: "tok_1", Name: "基幹システム", Scope: poa.ScopeValidity, CreatedAt: sampleAt, ExpiresAt: sampleAt.AddDate(1, 0, 0)}
	over := token
	over.RevokedAt = sampleAt
	return append(all,
		Sample{"recipient", "recipient", recipientWho, recipientView{Party: sampleParty(poa.PartyRecipient, poa.EnrollmentActive), Watches: 3}, nil},
		Sample{"check", "check", recipientWho, checkView{}, []*Form{faulty("check", "delegationId", "documentSha256")}},
		Sample{"watches", "watches", recipientWho, watchesView{Watches: []poa.WatchRow{{Watch: poa.Watch{DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", Since: sampleAt}, Standing: poa.Standing{Status: poa.StatusSuspended, Reason: poa.ReasonServiceReview}, Term: *term}}, Asked: true}, []*Form{faulty("watch", "delegationId")}},
		Sample{"watches-empty", "watches", recipientWho, watchesView{}, nil},
		Sample{"tokens", "tokens", recipientWho, tokensView{Tokens: []poa.Token{token, over}, Now: sampleAt, Made: &token, Text: "inj_live_0000", API: "http://portal.test/graphql"}, []*Form{faulty("token", "name", "scope", "expiresInDays")}},
		Sample{"tokens-empty", "tokens", recipientWho, tokensView{}, nil},
		Sample{"token-revoke", "token-revoke", recipientWho, token, nil},
		Sample{"endpoints", "endpoints", recipientWho, endpointsView{[]poa.Endpoint{endpoint}, &made}, []*Form{faulty("endpoint", "url", "description", "types")}},
		Sample{"endpoints-empty", "endpoints", recipientWho, endpointsView{}, nil},
		Sample{"endpoint", "endpoint", recipientWho, endpointView{endpoint, []poa.Delivery{delivery}, pager{Next: "?after=x"}, &made, nil, nil}, nil},
		Sample{"endpoint-delete", "endpoint-delete", recipientWho, endpointDeleteView{endpoint, "example.jp"}, nil})
}

func staffSamples() []Sample {
	handed := poa.HandedIn{Name: "受任 花子", Address: "東京都港区", BirthDate: "1975-05-05", At: sampleAt}
	corporation := sampleParty(poa.PartyDelegator, poa.EnrollmentApplied)
	corporation.Kind = poa.Corporation
	confirmation := &poa.Confirmation{Document: poa.RegisterCertificate, DocumentDate: poa.Date{Year: 2026, Month: 11, Day: 1}, ConfirmedAt: sampleAt, ConfirmedBy: "stf_1", Says: poa.RegisterEntry{Name: "見本屋", Address: "大阪", RepresentativeName: "見本 次郎", BirthDate: poa.Date{Year: 1980, Month: 1, Day: 2}}}
	review := sampleView(poa.StateSubmitted)
	review.Details = sampleDetails()
	return []Sample{
		{"applications", "applications", staffWho, applicationsView{Role: "delegator", State: "APPLIED", Parties: []poa.Party{corporation}}, nil},
		{"applications-empty", "applications", staffWho, applicationsView{Role: "recipient", State: "ENDED"}, nil},
		{"applicant", "applicant", staffWho, applicantView{Party: corporation}, []*Form{faulty("confirm", "document", "documentDate", "corporateNumber", "name", "address", "representativeTitle", "representativeName", "representativeAddress")}},
		{"applicant-sole", "applicant", staffWho, applicantView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentApplied), Confirmation: confirmation}, []*Form{faulty("confirm", "birthDate")}},
		{"applicant-refused", "applicant", staffWho, applicantView{Party: sampleParty(poa.PartyRecipient, poa.EnrollmentRefused), Refusals: sampleRefusals()}, nil},
		{"applicant-recipient", "applicant", staffWho, applicantView{Party: sampleParty(poa.PartyRecipient, poa.EnrollmentApplied)}, []*Form{faulty("refuse", "reasons")}},
		{"filings", "filings", staffWho, filingsView{[]row{{sampleDelegation(poa.StateSubmitted), poa.Standing{}}}, pager{Total: 1}}, nil},
		{"filings-empty", "filings", staffWho, filingsView{}, nil},
		{"filing", "filing", staffWho, filingView{delegationView: review, HandedIn: &handed, Compared: sampleCompared()}, []*Form{faulty("accept", "ground")}},
		{"filing-bare", "filing", staffWho, filingView{delegationView: sampleView(poa.StateSubmitted)}, nil},
		{"queues", "queues", staffWho, queuesView{[]Queue{{"webhooks", 1, 2, 3, 4, 5, 90 * time.Second}, {"mail", 0, 0, 0, 0, 0, 3 * time.Hour}, {"upkeep", 1, 0, 0, 0, 0, 9 * time.Second}}}, nil},
		{"queues-empty", "queues", staffWho, queuesView{}, nil},
	}
}
