// SPDX-License-Identifier: Apache-2.0

package document

// FaultKind says what is wrong with a file or a content.
type FaultKind string

// The kinds of Fault.
const (
	// TooLarge says that the file is over MaxSize.
	TooLarge FaultKind = "TOO_LARGE"
	// Malformed says that the file is not well-formed, a value has not the form of
	// its item, or a text is not UTF-8, not in form C or holds control characters.
	Malformed FaultKind = "MALFORMED"
	// Forbidden says that there is a document type, an entity other than the five
	// of XML, a comment, a CDATA section or a processing instruction.
	Forbidden FaultKind = "FORBIDDEN"
	// UnknownElement says that an element or attribute is not of the format.
	UnknownElement FaultKind = "UNKNOWN_ELEMENT"
	// Duplicate says that an element or attribute stands twice.
	Duplicate FaultKind = "DUPLICATE"
	// Missing says that an item is absent or empty that must not be.
	Missing FaultKind = "MISSING"
	// Version says that the format's version is another than 1.0.
	Version FaultKind = "VERSION"
	// Namespace says that an element is of another namespace.
	Namespace FaultKind = "NAMESPACE"
	// NoGlyph says that a text holds a character that the pages cannot show as it
	// is written: the font lacks it, or it changes the one before.
	NoGlyph FaultKind = "NO_GLYPH"
	// Unsigned says that the file holds no signature.
	Unsigned FaultKind = "UNSIGNED"
	// Changed says that what is signed is not what was drafted.
	Changed FaultKind = "CHANGED"
)

// Fault is the error of this package. Where is the path of the element, as in
// "Delegation/Delegate/Name"; no text of the file is ever in it.
type Fault struct {
	Kind  FaultKind
	Where string
}

// Error gives the kind and the place.
func (f *Fault) Error() string { return "document: " + string(f.Kind) + " at " + f.Where }

func fault(kind FaultKind, where string) *Fault { return &Fault{Kind: kind, Where: where} }
