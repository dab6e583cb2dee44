// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// accessSamples are the pages of sign-in, second factors, sessions and members.
func accessSamples() []Sample {
	key := poa.Passkey{ID: "pky_1", Name: "会社のパソコン", CreatedAt: sampleAt, LastUsedAt: sampleAt}
	account := poa.Account{ID: "acc_1", Name: "見本 太郎", Email: "taro@example.jp", Kind: poa.ActorRecipient, Member: poa.MemberAdministrator, TOTPSince: sampleAt, PasswordChangedAt: sampleAt}
	person := poa.Account{ID: "stf_2", Name: "受付 一郎", Email: "uketsuke@example.jp", Kind: poa.ActorStaff, Roles: []poa.Role{poa.RoleReception}}
	full := securityView{poa.SecurityOf{Account: account, Factors: poa.Factors{TOTP: true, Passkeys: []poa.Passkey{key}, RecoveryLeft: 9, Obligatory: true}, Sessions: 2, Now: sampleAt}, true}
	bare := securityView{poa.SecurityOf{Account: person, Factors: poa.Factors{}, Sessions: 1, Now: sampleAt}, true}
	must := bare
	must.Factors.Obligatory = true
	enrolling := poa.Anonymous("ja")
	enrolling.Enrolling = "stf_2"
	waiting := poa.Invitation{ID: "inv_1", Email: "jiro@example.jp", Member: poa.MemberReader, ExpiresAt: sampleAt.Add(-time.Hour)}
	members := membersView{poa.Membership{Members: []poa.Account{account}, Invitations: []poa.Invitation{waiting}, Factors: map[string]bool{"acc_1": true}}, "acc_1", sampleAt}
	obliged := members
	obliged.Obligatory, obliged.Factors = true, nil
	reader := recipientWho
	reader.Member = poa.MemberReader
	sessions := sessionsView{[]poa.Session{{ID: "ses_1", Agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/1", BeganAt: sampleAt, SeenAt: sampleAt}, {ID: "ses_2", Agent: "?"}}, "ses_1"}
	staffKeys := []poa.StaffFactors{{Account: person, Factors: full.Factors}, {Account: poa.Account{ID: "stf_1", Name: "責任 太郎"}}}
	totp := totpView{Key: poa.TOTPKey{Secret: "ABCDEFGHABCDEFGH", URL: "otpauth://totp/x?secret=ABCDEFGHABCDEFGH"}, InUse: true}
	return []Sample{
		{"second", "access-second", nobody, secondView{full.Factors, true}, []*Form{faulty("second", "code")}},
		{"second-recovery", "access-second", nobody, secondView{poa.Factors{}, false}, nil},
		{"forgot", "access-forgot", nobody, nil, []*Form{faulty("forgot", "email")}},
		{"join", "access-join", nobody, joinView{"/join/inji_x", "株式会社見本", waiting}, []*Form{faulty("join", "name", "password", "repeat")}},
		{"enrol", "access-enrol", enrolling, must, nil},
		{"account", "access-account", recipientWho, full, nil},
		{"account-bare", "access-account", staffWho, bare, nil},
		{"account-must", "access-account", staffWho, must, nil},
		{"change-password", "access-password", recipientWho, nil, []*Form{faulty("change-password", "current", "password", "repeat")}},
		{"totp", "access-totp", recipientWho, totp, []*Form{faulty("totp", "code")}},
		{"totp-none", "access-totp", recipientWho, totpView{InUse: true}, nil},
		{"totp-first", "access-totp", enrolling, totpView{}, nil},
		{"remove-totp", "access-remove", recipientWho, removeView{"/account/totp/remove", "totp", ""}, []*Form{faulty("remove", "password")}},
		{"remove-passkey", "access-remove", recipientWho, removeView{"/account/passkeys/pky_1/remove", "passkey", "鍵"}, nil},
		{"codes", "access-codes", recipientWho, codesView{Left: 3}, []*Form{faulty("codes", "password")}},
		{"codes-shown", "access-codes", recipientWho, codesView{Codes: []string{"ABCDE-FGHJK", "01234-56789"}, First: true}, nil},
		{"passkeys", "access-passkeys", recipientWho, full, []*Form{faulty("passkey", "name")}},
		{"sessions", "access-sessions", recipientWho, sessions, nil},
		{"sessions-none", "access-sessions", recipientWho, sessionsView{}, nil},
		{"members", "access-members", recipientWho, members, []*Form{faulty("invite", "email", "member", "language")}},
		{"members-reader", "access-members", reader, obliged, nil},
		{"members-obliged", "access-members", recipientWho, obliged, nil},
		{"member", "access-member", recipientWho, account, []*Form{faulty("member", "member")}},
		{"member-remove", "access-member-remove", recipientWho, account, []*Form{faulty("remove-member", "member")}},
		{"staff-factors", "access-staff", staffWho, staffKeys, nil},
		{"reset-factors", "access-reset", staffWho, staffKeys[0], nil},
	}
}
