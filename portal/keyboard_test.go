// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"testing"

	"ininjo/portal/webtest"
)

// TestKeyboardAloneIsEnough signs in, asks and watches without a pointer.
func TestKeyboardAloneIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	delegator := w.register("delegator", delegatorEmail)
	w.enrol(reception, "delegator")
	w.register("recipient", recipientEmail)
	w.enrol(reception, "recipient")
	id := w.draft2(delegator, "")
	w.handIn()
	w.file(delegator, reception, id)
	webtest.Node(t, "browser/keyboard.mjs", map[string]string{"BASE_URL": w.url, "EMAIL": recipientEmail, "PASSWORD": password, "DELEGATION_ID": id})
}
