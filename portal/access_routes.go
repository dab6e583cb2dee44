// SPDX-License-Identifier: Apache-2.0

package portal

const enrolPath = "/account/enrol"

// accessRoutes are the pages of sign-in, sessions, second factors and members. Those
// that somebody may open who must add a second factor first are for anyone here;
// poa refuses who is nobody.
func accessRoutes() []route {
	return []route{
		{"GET /sign-in/second", anyone, (*portal).showSecondStep},
		{"POST /sign-in/second", anyone, (*portal).secondStep},
		{"POST /sign-in/passkey-options", anyone, (*portal).secondStepOptions},
		{"GET /forgot-password", anyone, (*portal).showForgot},
		{"POST /forgot-password", anyone, (*portal).forgot},
		{"GET /join/{token}", anyone, (*portal).showJoin},
		{"POST /join/{token}", anyone, (*portal).join},

		{"GET " + enrolPath, anyone, (*portal).showEnrol},
		{"GET /account", signedIn, (*portal).showSecurity},
		{"GET /account/password", signedIn, (*portal).showChangePassword},
		{"POST /account/password", signedIn, (*portal).changePassword},
		{"GET /account/totp", anyone, (*portal).showTOTP},
		{"POST /account/totp", anyone, (*portal).beginTOTP},
		{"GET /account/totp/confirm", anyone, (*portal).showTOTP},
		{"POST /account/totp/confirm", anyone, (*portal).confirmTOTP},
		{"GET /account/totp/remove", signedIn, (*portal).showRemoveTOTP},
		{"POST /account/totp/remove", signedIn, (*portal).removeTOTP},
		{"GET /account/passkeys", anyone, (*portal).showPasskeys},
		{"POST /account/passkeys", anyone, (*portal).addPasskey},
		{"POST /account/passkey-options", anyone, (*portal).passkeyOptions},
		{"GET /account/passkeys/{id}/remove", signedIn, (*portal).showRemovePasskey},
		{"POST /account/passkeys/{id}/remove", signedIn, (*portal).removePasskey},
		{"GET /account/recovery-codes", signedIn, (*portal).showRecoveryCodes},
		{"POST /account/recovery-codes", signedIn, (*portal).makeRecoveryCodes},
		{"POST /account/recovery-codes/text", signedIn, (*portal).downloadRecoveryCodes},
		{"GET /account/sessions", signedIn, (*portal).listSessions},
		{"POST /account/sessions/{id}/end", signedIn, (*portal).endSession},
		{"POST /account/end-other-sessions", signedIn, (*portal).endOtherSessions},
		{"GET /account/members", parties, (*portal).listMembers},
		{"POST /account/members", parties, (*portal).invite},
		{"POST /account/members-second-factor", parties, (*portal).obligeSecondFactor},
		{"GET /account/members/{id}", parties, (*portal).showMember},
		{"POST /account/members/{id}", parties, (*portal).changeMember},
		{"GET /account/members/{id}/remove", parties, (*portal).showRemoveMember},
		{"POST /account/members/{id}/remove", parties, (*portal).removeMember},
		{"POST /account/invitations/{id}/resend", parties, (*portal).resendInvitation},
		{"POST /account/invitations/{id}/withdraw", parties, (*portal).withdrawInvitation},
		{"GET /staff/second-factors", staff, (*portal).listStaffFactors},
		{"GET /staff/second-factors/{id}", staff, (*portal).showResetFactors},
		{"POST /staff/second-factors/{id}", staff, (*portal).resetFactors},
	}
}

func init() {
	for _, key := range []string{"password-changed", "forgot", "joined", "totp-removed", "passkey-removed", "passkey-added", "totp-added", "session-ended", "sessions-ended",
		"invited", "invitation-sent", "invitation-withdrawn", "member-changed", "member-removed", "obligation", "factors-reset", "sign-in-over"} {
		doneKeys["done."+key] = true
	}
}
