// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"errors"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
)

// Codes of what is wrong with a signature, a file or a certificate, beside those
// in errors.go: each fault has one of its own.
const (
	CodeFileTrailingData        Code = "FILE_TRAILING_DATA"
	CodeFileTooDeep             Code = "FILE_TOO_DEEP"
	CodeFileTooManyElements     Code = "FILE_TOO_MANY_ELEMENTS"
	CodeNotSigned               Code = "FILE_NOT_SIGNED_DATA"
	CodeContentMissing          Code = "CONTENT_MISSING"
	CodeKeyIdentifier           Code = "KEY_IDENTIFIER_DIFFERS"
	CodeAttributesReplayed      Code = "SIGNED_ATTRIBUTES_REPLAYED"
	CodeContentTypeForeign      Code = "CONTENT_TYPE_NOT_ACCEPTED"
	CodeDocumentMarkup          Code = "DOCUMENT_MARKUP_FORBIDDEN"
	CodeDocumentEntity          Code = "DOCUMENT_ENTITY"
	CodeDocumentComment         Code = "DOCUMENT_COMMENT"
	CodeContentAltered          Code = "CONTENT_ALTERED"
	CodeDigestMissing           Code = "DIGEST_MISSING"
	CodeDigestWeak              Code = "DIGEST_WEAK"
	CodeDigestDiffers           Code = "DIGEST_DIFFERS"
	CodeContentTypeDiffers      Code = "CONTENT_TYPE_DIFFERS"
	CodeSigningCertificate      Code = "SIGNING_CERTIFICATE_DIFFERS"
	CodeSignerCertificate       Code = "SIGNER_CERTIFICATE_MISSING"
	CodeKeyTooShort             Code = "KEY_TOO_SHORT"
	CodeCertificateOfAuthority  Code = "CERTIFICATE_OF_AUTHORITY"
	CodeCertificateIdentityTwo  Code = "CERTIFICATE_IDENTITY_AMBIGUOUS"
	CodeCertificateBirthDate    Code = "CERTIFICATE_BIRTH_DATE"
	CodeCertificateExtension    Code = "CERTIFICATE_EXTENSION"
	CodeCertificateName         Code = "CERTIFICATE_NAME_MISSING"
	CodeCertificateTwoNames     Code = "CERTIFICATE_TWO_NAMES"
	CodeCertificateNoSuchDay    Code = "CERTIFICATE_BIRTH_DATE_NO_SUCH_DAY"
	CodeCertificateEra          Code = "CERTIFICATE_BIRTH_DATE_ERA"
	CodeSignerCompany           Code = "SIGNER_COMPANY_DIFFERS"
	CodeCertificateRevoked      Code = "CERTIFICATE_REVOKED"
	CodeCertificateRevokedAfter Code = "CERTIFICATE_REVOKED_AFTER_SIGNING"
	CodeCertificateOnHold       Code = "CERTIFICATE_ON_HOLD"
	CodeCertificateUnknown      Code = "CERTIFICATE_STATUS_UNKNOWN"
	CodeStatusUnavailable       Code = "CERTIFICATE_STATUS_UNAVAILABLE"
	CodeStatusPending           Code = "STATUS_PENDING"
	CodePDFSecondRevision       Code = "PDF_SECOND_REVISION"
	CodePDFCrossReference       Code = "PDF_CROSS_REFERENCE"
	CodePDFEncrypted            Code = "PDF_ENCRYPTED"
	CodePDFSeveralSignatures    Code = "PDF_SEVERAL_SIGNATURES"
	CodePDFByteRange            Code = "PDF_BYTE_RANGE"
	CodePDFSubFilter            Code = "PDF_SIGNATURE_KIND"
	CodePDFContents             Code = "PDF_SIGNATURE_CONTENTS"
	CodePDFReplaced             Code = "PDF_REPLACED_OBJECTS"
	CodePDFAnnotation           Code = "PDF_ANNOTATION"
	CodePDFCovering             Code = "PDF_SIGNATURE_COVERING"
	CodePDFActive               Code = "PDF_ACTIVE_CONTENT"
	CodePDFHiddenObject         Code = "PDF_HIDDEN_OBJECT"
	CodeNoGlyph                 Code = "CHARACTER_NOT_SHOWN"
	CodeFormatUnknown           Code = "FORMAT_UNKNOWN"
)

// signatureCodes says by which code each fault of poa/cms is told.
var signatureCodes = map[cms.Kind]Code{
	cms.TooLarge: CodeFileTooLarge, cms.TooManyElements: CodeFileTooManyElements, cms.TooDeep: CodeFileTooDeep, cms.Malformed: CodeFileMalformed,
	cms.TrailingData: CodeFileTrailingData, cms.NotSignedData: CodeNotSigned, cms.NoContent: CodeContentMissing, cms.NoSigner: CodeSignatureMissing,
	cms.SeveralSigners: CodeSeveralSigners, cms.NoCertificate: CodeSignerCertificate, cms.KeyIdentifier: CodeKeyIdentifier,
	cms.NoSignedAttributes: CodeSignedAttributes, cms.ReplayedAttributes: CodeAttributesReplayed, cms.ContentType: CodeContentTypeDiffers,
	cms.ForeignContent: CodeContentTypeForeign, cms.NoDigest: CodeDigestMissing, cms.Digest: CodeDigestDiffers, cms.OtherContent: CodeDocumentChanged,
	cms.Algorithm: CodeAlgorithm, cms.WeakDigest: CodeDigestWeak, cms.KeyTooShort: CodeKeyTooShort, cms.Signature: CodeSignatureInvalid,
	cms.ESSCertificate: CodeSigningCertificate,
}

// certificateCodes says by which code each fault of poa/jpki is told.
var certificateCodes = map[jpki.Kind]Code{
	jpki.Untrusted: CodeCertificateUntrusted, jpki.Expired: CodeCertificateExpired, jpki.NotYetValid: CodeCertificateNotYet, jpki.IsCA: CodeCertificateOfAuthority,
	jpki.KeyUsage: CodeCertificateUsage, jpki.Policy: CodeCertificatePolicy, jpki.CriticalExtension: CodeCertificateExtension,
	jpki.NoIdentity: CodeCertificateIdentity, jpki.NoName: CodeCertificateName, jpki.AmbiguousName: CodeCertificateTwoNames,
	jpki.AmbiguousIdentity: CodeCertificateIdentityTwo, jpki.BadBirthDate: CodeCertificateBirthDate, jpki.NoSuchDay: CodeCertificateNoSuchDay,
	jpki.EraMismatch: CodeCertificateEra,
}

// documentCodes says by which code each fault of poa/document is told that is not
// simply a file which cannot be read.
var documentCodes = map[document.FaultKind]Code{
	document.TooLarge: CodeFileTooLarge, document.Unsigned: CodeSignatureMissing, document.Changed: CodeDocumentChanged, document.Forbidden: CodeDocumentMarkup,
	document.Entity: CodeDocumentEntity, document.Comment: CodeDocumentComment,
	document.TrailingData:   CodeFileTrailingData,
	document.SecondRevision: CodePDFSecondRevision, document.CrossReference: CodePDFCrossReference, document.Encrypted: CodePDFEncrypted, document.SeveralSignatures: CodePDFSeveralSignatures, document.ByteRange: CodePDFByteRange, document.SubFilter: CodePDFSubFilter,
	document.Contents: CodePDFContents, document.Replaced: CodePDFReplaced, document.Annotation: CodePDFAnnotation, document.Covering: CodePDFCovering, document.Active: CodePDFActive, document.HiddenObject: CodePDFHiddenObject,
	document.NoGlyph: CodeNoGlyph,
}

// signatureCode maps the faults of poa/cms to codes of the closed list.
func signatureCode(err error) Code {
	if code, ok := signatureCodes[cms.KindOf(err)]; ok {
		return code
	}
	return CodeFileMalformed
}

// documentCode maps the faults of poa/document, and of poa/cms under them.
func documentCode(err error) Code {
	var f *document.Fault
	if !errors.As(err, &f) {
		return signatureCode(err)
	}
	if code, ok := documentCodes[f.Kind]; ok {
		return code
	}
	return CodeDocumentMalformed
}

// certificateFaults maps every fault of poa/jpki to a code of the closed list.
func certificateFaults(err error, field string) Faults {
	var faults Faults
	for _, f := range jpki.Faults(err) {
		if code, ok := certificateCodes[f.Kind]; ok {
			faults.Add(code, field)
		}
	}
	if len(faults) == 0 {
		faults.Add(CodeCertificateUntrusted, field)
	}
	return faults
}
