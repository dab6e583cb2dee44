// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"fmt"
	"slices"
	"strings"
)

// CodeHeaderNotAllowed is of a header that an endpoint cannot have.
const CodeHeaderNotAllowed Code = "HEADER_NOT_ALLOWED"

// takenHeaders are those that no endpoint sets: of the connection (RFC 9110,
// section 7.6.1), of the message's framing and routing, of credentials that
// belong to a browser, and those that we set. What begins with one of
// takenPrefixes is none either.
var (
	takenHeaders = []string{"host", "connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "expect", "cookie", "cookie2",
		"set-cookie", "set-cookie2", "user-agent", "accept-encoding", "date", "via", "forwarded", "http2-settings", "alt-svc", "max-forwards"}
	takenPrefixes = []string{"content-", "webhook-", "proxy-", "sec-", "x-forwarded-", ":"}
)

// applyHeaders sets the endpoint's headers in the order of the input.
func (in SettingsInput) applyHeaders(e *Endpoint) Faults {
	if in.Headers == nil {
		return nil
	}
	var faults Faults
	if len(in.Headers) > MaxHeaders {
		return Faults{Fault{Code: CodeTooMany, Field: []string{"headers"}, Args: map[string]string{"bound": fmt.Sprint(MaxHeaders)}}}
	}
	headers := make([]EndpointHeader, 0, len(in.Headers))
	for i, h := range in.Headers {
		value, found := e.header(h.Name)
		if h.Value != nil {
			value, found = *h.Value, true
		}
		at := func(code Code, field string, args ...string) {
			faults.Add(code, fmt.Sprintf("headers.%d.%s", i, field), args...)
		}
		switch {
		case h.Name == "":
			at(CodeRequired, "name")
		case len(h.Name) > maxHeaderName:
			at(CodeTooLong, "name", "bound", fmt.Sprint(maxHeaderName))
		case !isToken(h.Name):
			at(CodeForbiddenCharacter, "name")
		case headerTaken(h.Name), slices.ContainsFunc(headers, func(other EndpointHeader) bool { return strings.EqualFold(other.Name, h.Name) }):
			at(CodeHeaderNotAllowed, "name")
		case !found || strings.TrimSpace(value) == "":
			at(CodeRequired, "value")
		case len(value) > maxHeaderValue:
			at(CodeTooLong, "value", "bound", fmt.Sprint(maxHeaderValue))
		case !isFieldValue(value):
			at(CodeForbiddenCharacter, "value")
		}
		headers = append(headers, EndpointHeader{Name: h.Name, Value: value})
	}
	e.Headers = headers
	return faults
}

// header is the value of the header of a name.
func (s EndpointSettings) header(name string) (string, bool) {
	for _, h := range s.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

func headerTaken(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(takenHeaders, name) || slices.ContainsFunc(takenPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// isToken reports whether a name is one of RFC 9110, section 5.6.2.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// isFieldValue reports whether a value is visible ASCII with blanks and tabs
// inside (RFC 9110, section 5.5): no CR, LF or NUL, nothing that reads otherwise
// elsewhere.
func isFieldValue(value string) bool {
	return value == strings.Trim(value, " \t") && !strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && (r < 0x20 || r > 0x7E) })
}
