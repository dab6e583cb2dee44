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
	// Entity says that an entity other than the five of XML is declared or stands
	// in a value, or a character by its number.
	Entity FaultKind = "ENTITY"
	// Comment says that there is a comment, which a reader may leave out of a value.
	Comment FaultKind = "COMMENT"
	// Forbidden says that there is a document type, a CDATA section or a processing
	// instruction.
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
	// Changed says that what is signed is not what was drafted: the file does not
	// begin with the drafted bytes, or the page is not what the XML in it says.
	Changed FaultKind = "CHANGED"
	// SecondRevision says that a PDF holds more than one revision after the draft.
	SecondRevision FaultKind = "SECOND_REVISION"
	// TrailingData says that bytes follow the end of a PDF.
	TrailingData FaultKind = "TRAILING_DATA"
	// CrossReference says that a PDF's table does not list exactly its objects, or
	// does not lead back to the draft's.
	CrossReference FaultKind = "CROSS_REFERENCE"
	// Encrypted says that a PDF is.
	Encrypted FaultKind = "ENCRYPTED"
	// SeveralSignatures says that a PDF holds more than one.
	SeveralSignatures FaultKind = "SEVERAL_SIGNATURES"
	// ByteRange says that a PDF's signature does not cover the whole file but
	// exactly its own place.
	ByteRange FaultKind = "BYTE_RANGE"
	// SubFilter says that a PDF's signature is of a kind that is not taken.
	SubFilter FaultKind = "SUB_FILTER"
	// Contents says that the place of the signature does not hold one CMS in DER,
	// filled up with zeros.
	Contents FaultKind = "CONTENTS"
	// Replaced says that the signing revision of a PDF changes more of the draft
	// than a signature needs.
	Replaced FaultKind = "REPLACED"
	// Annotation says that the signing revision brings another annotation or field
	// than that of the signature.
	Annotation FaultKind = "ANNOTATION"
	// Covering says that the signature's picture stands outside of its frame.
	Covering FaultKind = "COVERING"
	// Active says that the signing revision brings scripts, actions, attachments or
	// other things that act or are not seen.
	Active FaultKind = "ACTIVE"
	// HiddenObject says that the signing revision holds an object that nothing
	// leads to.
	HiddenObject FaultKind = "HIDDEN_OBJECT"
)

// Markup lists the kinds of what a document may be forged by though it is
// well-formed XML.
func Markup() []FaultKind { return []FaultKind{Entity, Comment, Forbidden} }

// Fault is the error of this package. Where is the path of the element, as in
// "Delegation/Delegate/Name"; no text of the file is ever in it.
type Fault struct {
	Kind  FaultKind
	Where string
}

// Error gives the kind and the place.
func (f *Fault) Error() string { return "document: " + string(f.Kind) + " at " + f.Where }

func fault(kind FaultKind, where string) *Fault { return &Fault{Kind: kind, Where: where} }
