// SPDX-License-Identifier: Apache-2.0

package portal

import "ininjo/poa"

// checkListView is the page that checks a list of IDs.
type checkListView struct{ Most int }

func (p *portal) showCheckList(r *request) error {
	return p.render(r, "check-list", checkListView{poa.MaxCheckedList}, newForm("list"))
}

// checkList answers for a list of IDs with a file. Each ID is an inquiry of its
// own, which the history shows.
func (p *portal) checkList(r *request) error {
	write, err := p.Responder.CheckList(r.Context(), credentialOf(r.actor), r.PostForm.Get("list"))
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "check-list", checkListView{poa.MaxCheckedList}, r.refused("list", faults))
	}
	if err != nil {
		return err
	}
	return p.export(r, "answers-"+p.stamp()+".csv", "text/csv; charset=utf-8", write)
}
