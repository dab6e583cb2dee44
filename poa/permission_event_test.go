// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"testing"

	"ininjo/poa"
)

// TestWrongPartiesLeaveAnEvent tries every act as each kind of party: who is signed
// in and refused is in the audit log, who is nobody is not.
func TestWrongPartiesLeaveAnEvent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	reader, delegator := o.recipient, o.delegator
	reader.Member = poa.MemberReader
	refused := 0
	for name, act := range o.acts() {
		for _, actor := range []poa.Actor{reader, delegator, {Kind: poa.ActorDelegate, ID: "lnk_1", LinkID: "lnk_1"}, poa.Anonymous("ja")} {
			actor.ID = poa.NewID(poa.PrefixAccount)
			err := try(t.Context(), act, actor)
			if leaves := errors.Is(err, poa.ErrForbidden); leaves && o.forbidden(actor) != 1 || !leaves && o.forbidden(actor) != 0 {
				t.Errorf("%s by %s %s: %v, %d refusals in the audit log", name, actor.Kind, actor.Member, err, o.forbidden(actor))
			} else if leaves {
				refused++
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d refusals were looked at", refused)
	}
}
