// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"errors"
	"fmt"
	"strings"
)

// Code is one of a closed list of errors. Each room translates it once at its
// edge: GraphQL extension, HTTP status, page text. Its texts stand in
// poa/locale, by language.
type Code string

// Codes that end a request (GraphQL: extensions.code).
const (
	CodeUnauthenticated    Code = "UNAUTHENTICATED"
	CodeForbidden          Code = "FORBIDDEN"
	CodeBadUserInput       Code = "BAD_USER_INPUT"
	CodeNotFound           Code = "NOT_FOUND"
	CodeConflict           Code = "CONFLICT"
	CodeRateLimited        Code = "RATE_LIMITED"
	CodeDocumentNotFound   Code = "PERSISTED_QUERY_NOT_FOUND"
	CodeTooLarge           Code = "TOO_LARGE"
	CodeComplexity         Code = "COMPLEXITY_LIMIT_EXCEEDED"
	CodeSigningUnavailable Code = "SIGNING_UNAVAILABLE"
	CodeUnavailable        Code = "UNAVAILABLE"
	CodeInternal           Code = "INTERNAL"
)

// Codes of what a user can put right, each with the field it concerns.
const (
	CodeRequired              Code = "REQUIRED"
	CodeTooLong               Code = "TOO_LONG"
	CodeTooMany               Code = "TOO_MANY"
	CodeInvalid               Code = "INVALID"
	CodeForbiddenCharacter    Code = "FORBIDDEN_CHARACTER"
	CodeCorporateNumber       Code = "CORPORATE_NUMBER_INVALID"
	CodeMyNumber              Code = "MY_NUMBER_SUSPECTED"
	CodeDateOrder             Code = "DATE_ORDER"
	CodeTermOver              Code = "TERM_OVER"
	CodeTermTooLong           Code = "TERM_TOO_LONG"
	CodePast                  Code = "IN_THE_PAST"
	CodeFuture                Code = "IN_THE_FUTURE"
	CodeTermsNotCurrent       Code = "TERMS_NOT_CURRENT"
	CodeConsentRequired       Code = "CONSENT_REQUIRED"
	CodeEmailTaken            Code = "EMAIL_TAKEN"
	CodePasswordWeak          Code = "PASSWORD_WEAK"
	CodeSignInFailed          Code = "SIGN_IN_FAILED"
	CodeFileTooLarge          Code = "FILE_TOO_LARGE"
	CodeFileMalformed         Code = "FILE_MALFORMED"
	CodeDocumentMalformed     Code = "DOCUMENT_MALFORMED"
	CodeDocumentChanged       Code = "DOCUMENT_CHANGED"
	CodeAlreadyFiled          Code = "ALREADY_FILED"
	CodeSignatureInvalid      Code = "SIGNATURE_INVALID"
	CodeSignatureMissing      Code = "SIGNATURE_MISSING"
	CodeSignedAttributes      Code = "SIGNED_ATTRIBUTES_MISSING"
	CodeSeveralSigners        Code = "SEVERAL_SIGNERS"
	CodeAlgorithm             Code = "ALGORITHM_NOT_ACCEPTED"
	CodeCertificateUntrusted  Code = "CERTIFICATE_UNTRUSTED"
	CodeCertificateExpired    Code = "CERTIFICATE_EXPIRED"
	CodeCertificateNotYet     Code = "CERTIFICATE_NOT_YET_VALID"
	CodeCertificateUsage      Code = "CERTIFICATE_USAGE"
	CodeCertificatePolicy     Code = "CERTIFICATE_POLICY"
	CodeCertificateIdentity   Code = "CERTIFICATE_IDENTITY"
	CodeSignerName            Code = "SIGNER_NAME_DIFFERS"
	CodeSignerAddress         Code = "SIGNER_ADDRESS_DIFFERS"
	CodeSignerBirthDate       Code = "SIGNER_BIRTH_DATE_DIFFERS"
	CodeDelegateName          Code = "DELEGATE_NAME_DIFFERS"
	CodeDelegateMissing       Code = "DELEGATE_CERTIFICATE_MISSING"
	CodeChallengeOver         Code = "CHALLENGE_OVER"
	CodeLinkOver              Code = "LINK_OVER"
	CodeDeclined              Code = "DECLINED"
	CodeAlreadyReplaced       Code = "ALREADY_REPLACED"
	CodeNotAccepted           Code = "NOT_ACCEPTED"
	CodeAlreadyEnded          Code = "ALREADY_ENDED"
	CodeNotConfirmed          Code = "NOT_CONFIRMED"
	CodeGroundRequired        Code = "GROUND_REQUIRED"
	CodeAddressNotAllowed     Code = "ADDRESS_NOT_ALLOWED"
	CodeUnknownDelegation     Code = "DELEGATION_UNKNOWN"
	CodeDocumentsInsufficient Code = "DOCUMENTS_INSUFFICIENT"
	CodeContentUnclear        Code = "CONTENT_UNCLEAR"
	CodeQualificationMissing  Code = "QUALIFICATION_NOT_CONFIRMED"
)

// Fault is one thing that a user can put right: a code of the closed list and
// the path of the field in the input that it concerns. Args fill the text's
// places (a bound, a date); they never hold what the user typed.
type Fault struct {
	Code  Code              `json:"code"`
	Field []string          `json:"field"`
	Args  map[string]string `json:"args,omitempty"`
}

// Faults is every fault found in an input, in the order of its fields. It is
// an error: nothing but the audit event of the refusal was stored.
type Faults []Fault

// Error lists codes and fields, for the log.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, fault := range f {
		parts[i] = string(fault.Code) + " at " + strings.Join(fault.Field, ".")
	}
	return strings.Join(parts, "; ")
}

// Add appends a fault of the field; a dot in field parts the path.
func (f *Faults) Add(code Code, field string, args ...string) {
	*f = append(*f, newFault(code, field, args...))
}

// Err returns f as an error, or nil where there is no fault.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

func newFault(code Code, field string, args ...string) Fault {
	fault := Fault{Code: code}
	if field != "" {
		fault.Field = strings.Split(field, ".")
	}
	for i := 0; i+1 < len(args); i += 2 {
		if fault.Args == nil {
			fault.Args = map[string]string{}
		}
		fault.Args[args[i]] = args[i+1]
	}
	return fault
}

// Error is an error with a code that ends the request. Cause is for the log
// alone.
type Error struct {
	Code  Code
	Cause error
}

// Error returns code and cause, for the log.
func (e *Error) Error() string {
	if e.Cause == nil {
		return string(e.Code)
	}
	return fmt.Sprintf("%s: %v", e.Code, e.Cause)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an [Error] of the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code && other.Cause == nil
}

// Errors to compare with errors.Is.
var (
	ErrUnauthenticated = &Error{Code: CodeUnauthenticated}
	ErrForbidden       = &Error{Code: CodeForbidden}
	ErrNotFound        = &Error{Code: CodeNotFound}
	ErrConflict        = &Error{Code: CodeConflict}
	ErrUnavailable     = &Error{Code: CodeUnavailable}
)

// CodeOf returns the code of err: that of an [Error] in its chain, BAD_USER_INPUT
// for [Faults], else INTERNAL.
func CodeOf(err error) Code {
	var e *Error
	var f Faults
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.As(err, &f):
		return CodeBadUserInput
	default:
		return CodeInternal
	}
}
