// SPDX-License-Identifier: Apache-2.0

package document

import (
	"fmt"
	"strings"
)

// structure writes the tree of tags: what a screen reader follows.
type structure struct {
	objects *objects
	pages   []int
	parents [][]int // by page and marked piece: the element that owns it
}

// write returns the number of the tree's root. Without a field, 0, there is no
// form in it.
func (s *structure) write(drawn *sheet, field int) int {
	root := s.objects.add("")
	for i, p := range drawn.pages {
		s.parents[i] = make([]int, len(p.owners))
	}
	if field == 0 {
		s.close(root, s.element(drawn.root, root), "", len(s.parents))
		return root
	}
	form := s.objects.add("")
	top := s.element(drawn.root, root, ref(form))
	s.objects.set(form, fmt.Sprintf("<</Type /StructElem /S /Form /P %s /Pg %s /K <</Type /OBJR /Obj %s>>>>", ref(top), ref(s.pages[0]), ref(field)))
	s.close(root, top, fmt.Sprintf("%d %s", len(s.parents), ref(form)), len(s.parents)+1)
	return root
}

// close writes the root, with further entries of its table of parents.
func (s *structure) close(root, top int, further string, next int) {
	var nums strings.Builder
	for i, owners := range s.parents {
		fmt.Fprintf(&nums, "%d %s ", i, refs(owners))
	}
	s.objects.set(root, fmt.Sprintf("<</Type /StructTreeRoot /K %s /ParentTree <</Nums [%s]>> /ParentTreeNextKey %d>>",
		ref(top), nums.String()+further, next))
}

// element writes a tag and all below it; last are further kids.
func (s *structure) element(t *tag, parent int, last ...string) int {
	number := s.objects.add("")
	var kids []string
	for _, m := range t.content {
		s.parents[m.page][m.id] = number
		kids = append(kids, fmt.Sprintf("<</Type /MCR /Pg %s /MCID %d>>", ref(s.pages[m.page]), m.id))
	}
	for _, kid := range t.kids {
		kids = append(kids, ref(s.element(kid, number)))
	}
	kids = append(kids, last...)
	attrs := t.attrs
	if attrs != "" {
		attrs = " " + attrs
	}
	s.objects.set(number, fmt.Sprintf("<</Type /StructElem /S /%s /P %s /K [%s]%s>>", t.kind, ref(parent), strings.Join(kids, " "), attrs))
	return number
}
