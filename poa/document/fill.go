// SPDX-License-Identifier: Apache-2.0

package document

// fill reads a node into the items that the schema binds to its element. Paths
// in faults are made of the schema's names, never of the file's.
func fill(e element, n *node, path string) error {
	if len(n.attrs) > 0 {
		return fault(UnknownElement, path+"/@")
	}
	switch {
	case e.text != nil:
		return fillLeaf(e.text, e.form, n, path)
	case !blank(&n.text):
		return fault(Malformed, path)
	case e.list != nil:
		return fillList(e, n, path)
	}
	return fillGroup(e, n, path)
}

func fillLeaf(into *string, f form, n *node, path string) error {
	if len(n.attrs) > 0 {
		return fault(UnknownElement, path+"/@")
	}
	if len(n.children) > 0 {
		return fault(UnknownElement, path)
	}
	*into = n.text.String()
	return checkText(*into, f, path)
}

func fillList(e element, n *node, path string) error {
	if len(n.children) > MaxItems {
		return fault(TooLarge, path)
	}
	for _, child := range n.children {
		if err := checkName(child, e.item, path); err != nil {
			return err
		}
		var text string
		if err := fillLeaf(&text, needed, child, path+"/"+e.item); err != nil {
			return err
		}
		*e.list = append(*e.list, text)
	}
	if e.form == needed && len(*e.list) == 0 {
		return fault(Missing, path)
	}
	return nil
}

func checkName(n *node, want, path string) error {
	if n.name.Space != xmlNamespace {
		return fault(Namespace, path)
	}
	if n.name.Local != want {
		return fault(UnknownElement, path)
	}
	return nil
}

// fillGroup first looks whether the right children are there, so that the fault
// is the one that helps, and then at their order, which is fixed.
func fillGroup(e element, n *node, path string) error {
	byName, err := index(e, n, path)
	if err != nil {
		return err
	}
	if err := choose(e, byName, path); err != nil {
		return err
	}
	at := 0
	for _, child := range e.children {
		if child.chosen != nil && !*child.chosen {
			continue
		}
		found := byName[child.name]
		if found == nil {
			return fault(Missing, path+"/"+child.name)
		}
		if n.children[at] != found {
			return fault(Malformed, path+"/"+child.name)
		}
		at++
		if err := fill(child, found, path+"/"+child.name); err != nil {
			return err
		}
	}
	return nil
}

// index gives the children by name: all of our namespace, known, and once.
func index(e element, n *node, path string) (map[string]*node, error) {
	known := make(map[string]bool, len(e.children))
	for _, child := range e.children {
		known[child.name] = true
	}
	byName := make(map[string]*node, len(n.children))
	for _, child := range n.children {
		name := child.name.Local
		switch {
		case child.name.Space != xmlNamespace:
			return nil, fault(Namespace, path)
		case !known[name]:
			return nil, fault(UnknownElement, path)
		case byName[name] != nil:
			return nil, fault(Duplicate, path+"/"+name)
		}
		byName[name] = child
	}
	return byName, nil
}

// choose marks the alternative that stands in the file: exactly one, where the
// group has alternatives.
func choose(e element, byName map[string]*node, path string) error {
	options, chosen := 0, 0
	for _, child := range e.children {
		if child.chosen == nil {
			continue
		}
		options++
		if *child.chosen = byName[child.name] != nil; *child.chosen {
			chosen++
		}
	}
	switch {
	case options > 0 && chosen == 0:
		return fault(Missing, path)
	case chosen > 1:
		return fault(Duplicate, path)
	}
	return nil
}
