// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// ownSamples are pages of what a party manages itself.
func ownSamples() []Sample {
	term := &poa.Term{From: poa.Date{Year: 2026, Month: 11, Day: 1}, Through: poa.Date{Year: 2027, Month: 10, Day: 31}}
	no := false
	answer := poa.Answer{Standing: poa.Standing{Status: poa.StatusRevoked, Version: 2}, DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", AsOf: sampleAt, KnownAt: sampleAt.AddDate(0, 0, 1), AnsweredAt: sampleAt, InquiryID: "inq_1", Term: term, DelegateMatches: &no}
	past := poa.PastAnswer{Answer: answer, TokenID: "tok_1"}
	mistyped := poa.PastAnswer{Answer: poa.Answer{Standing: poa.Standing{Status: poa.StatusUnknown, Reason: poa.ReasonMistypedID}, AsOf: sampleAt, KnownAt: sampleAt, AnsweredAt: sampleAt, InquiryID: "inq_2"}}
	gone := poa.PastAnswer{Answer: answer, Gone: true}
	endpoint := poa.Endpoint{ID: "whe_1", URL: "https://example.jp/hook", State: poa.EndpointActive}
	verified := endpoint
	verified.VerifiedAt = sampleAt
	delivery := poa.Delivery{ID: "whd_1", EndpointID: "whe_1", State: poa.DeliveryFailed, Attempts: 2, Notice: poa.Notice{Change: poa.Change{Type: poa.NoticeTest, At: sampleAt}}}
	waiting := delivery
	waiting.State = poa.DeliveryPending
	attempts := []poa.Attempt{{Number: 3, At: sampleAt, Status: 204}, {Number: 2, At: sampleAt, Status: 500, Error: "STATUS", Millis: 12, Answer: []byte("<b>\x1b</b>")}, {Number: 1, At: sampleAt, Error: "TIMEOUT", Millis: 10000}}
	address := poa.MailAddress{ID: "adr_1", Email: "mihon@example.jp", Language: "ja"}
	stopped := poa.MailAddress{ID: "adr_2", Email: "b@example.jp", Language: "en", ConfirmedAt: sampleAt, UnsubscribedAt: sampleAt, Types: []poa.NoticeType{poa.NoticeRevoked, poa.NoticeEnded}}
	token := poa.Token{ID: "tok_1", Name: "基幹", Scope: poa.ScopeAll, ExpiresAt: sampleAt}
	end := poa.ContractEnd{EndedAt: sampleAt, ByKind: poa.ActorStaff, Delegations: 3, LinkHash: [32]byte{1}}
	party := sampleParty(poa.PartyDelegator, poa.EnrollmentActive)
	names := map[string]string{"tok_1": "基幹"}
	off := endpoint
	off.State, off.DisabledReason, off.DisabledAt = poa.EndpointDisabled, "FAILING", sampleAt
	off.Certificate = &poa.ClientCertificate{Subject: "CN=ininjo", Until: sampleAt}
	keys := []poa.WebhookKey{{Public: "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", From: sampleAt, Until: sampleAt}}
	return []Sample{
		{"answer-mistyped", "check", recipientWho, checkView{Answer: &mistyped.Answer}, nil},
		{"answer-past", "check", recipientWho, checkView{Answer: &answer, Historical: true}, nil},
		{"form-of-check-faults", "check", recipientWho, checkView{Historical: true}, []*Form{faulty("check", "delegationId", "documentSha256", "at", "knownAt")}},
		{"list-to-check", "check-list", recipientWho, checkListView{1000}, nil},
		{"form-of-list-to-check-faults", "check-list", recipientWho, checkListView{1000}, []*Form{faulty("list", "list")}},
		{"inquiry", "inquiry", recipientWho, inquiryView{past, "基幹", true}, nil},
		{"inquiry-mistyped", "inquiry", recipientWho, inquiryView{mistyped, "", false}, nil},
		{"inquiry-gone", "inquiry", recipientWho, inquiryView{gone, "", false}, nil},
		{"inquiries", "inquiries", recipientWho, inquiriesView{Inquiries: []poa.PastAnswer{past, mistyped, gone}, Tokens: names, Pager: pager{Next: "?after=x"}}, nil},
		{"inquiries-empty", "inquiries", recipientWho, inquiriesView{}, nil},
		{"inquiries-none", "inquiries", recipientWho, inquiriesView{Filtered: true}, []*Form{faulty("inquiries", "delegationId", "from", "through")}},
		{"watches-none", "watches", recipientWho, watchesView{Status: poa.StatusEnded}, nil},
		{"watch-end", "watch-end", recipientWho, "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", nil},
		{"token-rotate", "token-rotate", recipientWho, token, []*Form{faulty("rotate-token", "overlapHours", "expiresInDays")}},
		{"endpoint-resend", "endpoint-resend", recipientWho, endpoint, []*Form{faulty("resend-many", "kind", "since")}},
		{"endpoint-off", "endpoint", recipientWho, endpointView{off, nil, pager{}, nil, []poa.Resend{{Kind: poa.ResendAll, Total: 4000, Resent: 500, CreatedAt: sampleAt}}, keys}, []*Form{faulty("endpoint", furtherFields...)}},
		{"endpoint-rotate", "endpoint-rotate", recipientWho, endpoint, []*Form{faulty("rotate", "overlapHours")}},
		{"endpoint-delete-faults", "endpoint-delete", recipientWho, endpointDeleteView{endpoint, "example.jp"}, []*Form{faulty("delete-endpoint", "typed")}},
		{"delivery", "delivery", recipientWho, deliveryView{delivery, verified, attempts, poa.PostedRequest{Headers: []poa.EndpointHeader{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Api-Key"}}, Body: []byte("{}")}, false}, nil},
		{"delivery-waiting", "delivery", recipientWho, deliveryView{waiting, endpoint, nil, poa.PostedRequest{}, true}, nil},
		{"addresses", "addresses", recipientWho, []poa.MailAddress{address, stopped}, []*Form{faulty("address", "email", "language")}},
		{"addresses-empty", "addresses", delegatorWho, []poa.MailAddress{}, nil},
		{"address", "address", recipientWho, stopped, nil},
		{"address-remove", "address-remove", recipientWho, address, []*Form{faulty("address-remove", "mailAddressId")}},
		{"address-confirm", "address-confirm", nobody, linkView{Base: "/l/injl_x"}, nil},
		{"unsubscribe", "unsubscribe", nobody, "/unsubscribe/adr_1.00", nil},
		{"erased", "erased", nobody, "/erased/inje_x", nil},
		{"word-confirmed", "word", nobody, "confirmed", nil},
		{"word-unsubscribed", "word", nobody, "unsubscribed", nil},
		{"word-closed", "word", nobody, "closed", nil},
		{"word-erased", "word", nobody, "erased", nil},
		{"closing", "closing", delegatorWho, party, []*Form{faulty("closing", "typed")}},
		{"closing-recipient", "closing", recipientWho, sampleParty(poa.PartyRecipient, poa.EnrollmentActive), nil},
		{"contract", "contract", staffWho, contractView{Party: party}, []*Form{faulty("closing", "typed")}},
		{"contract-ended", "contract", staffWho, contractView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentEnded), End: &end}, nil},
		{"contract-none", "contract", staffWho, contractView{Party: sampleParty(poa.PartyDelegator, poa.EnrollmentApplied)}, nil},
	}
}
