// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"strings"

	"ininjo/graph"
)

// directRoute is the path of GraphQL as the log and the metrics name it.
const directRoute = "/graphql"

// directRequest is a POST of JSON to GraphQL with a token, as clients write it:
// HTTP/1.1, a length, each header that matters once, and no header that could
// change what the request is. Its texts are slices of what was read.
type directRequest struct {
	authorization, language, body []byte
	// mediaType is what is answered.
	mediaType string
	// length is that of the whole request, 0 while it is unknown.
	length int
	seen   directSeen
	// accept is that header.
	accept []byte
}

// directSeen are the headers that may stand there once.
type directSeen struct{ host, contentType, contentLength, authorization, accept, language, connection bool }

type directState int

const (
	// directMore wants more of the header, directBody of the body.
	directMore directState = iota
	directBody
	directWhole
	// directOther is another request, or perhaps none.
	directOther
)

const directStart = "POST " + directRoute + " HTTP/1.1\r\n"

// read reads a request that begins at the start of what came.
func (r *directRequest) read(in []byte) directState {
	*r = directRequest{}
	if len(in) < len(directStart) {
		if strings.HasPrefix(directStart, string(in)) {
			return directMore
		}
		return directOther
	}
	if string(in[:len(directStart)]) != directStart {
		return directOther
	}
	length, at := 0, len(directStart)
	for {
		end := bytes.IndexByte(in[at:], '\n')
		if end < 0 {
			return directMore
		}
		line := in[at : at+end+1]
		at += end + 1
		if len(line) < 2 || line[len(line)-2] != '\r' {
			return directOther
		}
		if len(line) == 2 {
			break
		}
		if !r.header(line[:len(line)-2], &length) {
			return directOther
		}
	}
	if !r.seen.host || !r.seen.contentType || length == 0 || !r.bearer() {
		return directOther
	}
	var known bool
	if r.mediaType, known = graph.MediaType(string(r.accept)); !known {
		return directOther
	}
	if r.length = at + length; r.length > directRequestSize {
		return directOther
	}
	if r.length > len(in) {
		return directBody
	}
	r.body = in[at:r.length]
	return directWhole
}

// once says whether a header came for the first time.
func once(seen *bool) bool {
	first := !*seen
	*seen = true
	return first
}

// header reads a line of the header; false where it is not one of those that are
// known to be harmless.
func (r *directRequest) header(line []byte, length *int) bool {
	colon := bytes.IndexByte(line, ':')
	var lower [32]byte
	if colon <= 0 || colon > len(lower) {
		return false
	}
	for i, c := range line[:colon] {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	value := bytes.Trim(line[colon+1:], " \t")
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	switch string(lower[:colon]) {
	case "host":
		return once(&r.seen.host) && isHost(value)
	case "content-type":
		return once(&r.seen.contentType) && (string(value) == "application/json" || string(value) == "application/json; charset=utf-8")
	case "content-length":
		var ok bool
		*length, ok = smallLength(value)
		return once(&r.seen.contentLength) && ok
	case "authorization":
		r.authorization = value
		return once(&r.seen.authorization)
	case "accept":
		r.accept = value
		return once(&r.seen.accept) && len(value) > 0
	case "accept-language":
		r.language = value
		return once(&r.seen.language)
	case "connection":
		return once(&r.seen.connection) && (string(value) == "keep-alive" || string(value) == "Keep-Alive")
	case "user-agent", "accept-encoding", "accept-charset", "cache-control", "pragma", "x-request-id", "traceparent", "tracestate", "via",
		"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-forwarded-server", "x-real-ip":
		return true // nobody reads them of who brings a token
	}
	return false
}

// smallLength is a length of at most five digits, above zero.
func smallLength(digits []byte) (n int, ok bool) {
	if len(digits) == 0 || len(digits) > 5 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n > 0
}

// isHost takes names and addresses with or without a port.
func isHost(host []byte) bool {
	for _, c := range host {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return len(host) > 0
}

// bearer wants a token.
func (r *directRequest) bearer() bool {
	const scheme = "Bearer "
	return len(r.authorization) > len(scheme) && string(r.authorization[:len(scheme)]) == scheme
}

// exchange is what rooms ask about the request. It is nobody's to end: an answer
// comes within the time of its statement.
func (r *directRequest) exchange() *exchange {
	x := &exchange{Context: context.Background(), id: newRequestID(), language: languageOf(string(r.language))}
	x.token, x.brought = tokenOf(string(r.authorization))
	return x
}
