// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	spaces    = regexp.MustCompile(`[ \t]+`)
	signature = regexp.MustCompile(`(?s)(\bb=)[^;]*`)
)

// relaxedHeader is RFC 6376, 3.4.2.
func relaxedHeader(field string) string {
	name, value, _ := strings.Cut(field, ":")
	value = spaces.ReplaceAllString(strings.ReplaceAll(value, "\r\n", ""), " ")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.TrimSpace(value)
}

// relaxedBody is RFC 6376, 3.4.4.
func relaxedBody(body string) string {
	lines := strings.Split(body, "\r\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(spaces.ReplaceAllString(line, " "), " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// verifyByHand is the second opinion, after the text of RFC 6376 and RFC 8463
// alone: the library that signs is not the only one to verify.
func verifyByHand(t *testing.T, raw []byte, key crypto.PublicKey) bool {
	t.Helper()
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	fields := strings.Split(regexp.MustCompile(`\r\n([^ \t])`).ReplaceAllString(head, "\x00$1"), "\x00")
	at := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "DKIM-Signature:") })
	if at < 0 {
		return false
	}
	own := fields[at]
	fields = slices.Delete(fields, at, at+1)
	tags := map[string]string{}
	_, list, _ := strings.Cut(own, ":")
	for tag := range strings.SplitSeq(list, ";") {
		name, value, _ := strings.Cut(tag, "=")
		tags[strings.TrimSpace(name)] = regexp.MustCompile(`\s`).ReplaceAllString(value, "")
	}
	digest := sha256.Sum256([]byte(relaxedBody(body)))
	if tags["bh"] != base64.StdEncoding.EncodeToString(digest[:]) {
		return false
	}
	var signed strings.Builder
	for name := range strings.SplitSeq(tags["h"], ":") {
		for i, field := range slices.Backward(fields) { // from the bottom, each once
			if strings.EqualFold(strings.SplitN(field, ":", 2)[0], name) {
				signed.WriteString(relaxedHeader(field) + "\r\n")
				fields = slices.Delete(fields, i, i+1)
				break
			}
		}
	}
	signed.WriteString(strings.TrimRight(relaxedHeader(signature.ReplaceAllString(own, "$1")), " "))
	sum := sha256.Sum256([]byte(signed.String()))
	value, err := base64.StdEncoding.DecodeString(tags["b"])
	if err != nil {
		t.Fatal(err)
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, sum[:], value)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], value) == nil
	}
	return false
}
