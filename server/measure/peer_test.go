// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"
)

// peer is one connection of HTTP/1.1 with as little around it as can be.
type peer struct {
	conn net.Conn
	reply
	broken bool
	asked  int
}

// answerTimeout bounds a thousand answers.
const answerTimeout = 2 * time.Minute

func newPeer(addr string) (*peer, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &peer{conn: conn}, nil
}

func (p *peer) close() { _ = p.conn.Close() }

// exchange sends a request and returns the body of a 200.
func (p *peer) exchange(wire []byte) ([]byte, error) {
	if _, _, err := p.trade(wire); err != nil {
		return nil, err
	}
	return p.ok()
}

var (
	endOfHead   = []byte("\r\n\r\n")
	lengthField = []byte("\r\nContent-Length: ")
	lowerLength = []byte("\r\ncontent-length: ")
	endOfChunks = []byte("0\r\n\r\n")
)

// trade sends a request and reads one answer.
func (p *peer) trade(wire []byte) (status string, body []byte, err error) {
	p.broken = true
	if p.asked++; p.asked%1000 == 1 { // now and then: it costs
		if err := p.conn.SetDeadline(clock.Now().Add(answerTimeout)); err != nil {
			return "", nil, err
		}
	}
	if _, err := p.conn.Write(wire); err != nil {
		return "", nil, err
	}
	p.clear()
	for !p.whole() {
		if err := p.take(p.conn.Read); err != nil {
			return "", nil, err
		}
	}
	p.broken = p.last()
	return p.answer()
}

// reply is an answer of HTTP/1.1 as it comes.
type reply struct {
	buffer []byte
	// head is where the body begins, -1 while that is unknown; length is that of the
	// body, -1 where it comes in chunks.
	head, length int
}

func (r *reply) clear() { r.buffer, r.head, r.length = r.buffer[:0], -1, -1 }

// take reads what came, once.
func (r *reply) take(read func([]byte) (int, error)) error {
	r.buffer = slices.Grow(r.buffer, 4<<10)
	n, err := read(r.buffer[len(r.buffer):cap(r.buffer)])
	if n == 0 && err == nil {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("reading an answer, %d bytes of it: %w", len(r.buffer), err)
	}
	r.buffer = r.buffer[:len(r.buffer)+n]
	return nil
}

// whole says whether all of it came.
func (r *reply) whole() bool {
	if r.head < 0 {
		end := bytes.Index(r.buffer, endOfHead)
		if end < 0 {
			return false
		}
		r.head = end + len(endOfHead)
		r.length = lengthOf(r.buffer[:r.head])
	}
	if r.length < 0 {
		return bytes.HasSuffix(r.buffer, endOfChunks)
	}
	return len(r.buffer) >= r.head+r.length
}

// last says whether the connection ends with this answer.
func (r *reply) last() bool {
	return bytes.Contains(r.buffer[:r.head], []byte("\r\nConnection: close"))
}

// answer is the status and the body of one that is whole.
func (r *reply) answer() (status string, body []byte, err error) {
	if r.head < len("HTTP/1.1 200") {
		return "", nil, fmt.Errorf("no HTTP: %q", r.buffer)
	}
	body = r.buffer[r.head:]
	if r.length < 0 {
		body, err = joined(body)
	}
	return string(r.buffer[9:12]), body, err
}

// ok is the body of an answer that is whole and a 200.
func (r *reply) ok() ([]byte, error) {
	status, body, err := r.answer()
	if err == nil && status != "200" {
		err = fmt.Errorf("answered %s: %.300s", status, body)
	}
	return body, err
}

// joined puts the chunks of a body together.
func joined(body []byte) ([]byte, error) {
	var whole []byte
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		n, err := strconv.ParseUint(string(line), 16, 31)
		if !found || err != nil || int(n) > len(rest) {
			return nil, fmt.Errorf("reading chunks: %.100q", body)
		}
		if n == 0 {
			return whole, nil
		}
		whole, body = append(whole, rest[:n]...), bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

func lengthOf(head []byte) int {
	at := bytes.Index(head, lengthField)
	if at < 0 {
		at = bytes.Index(head, lowerLength)
	}
	if at < 0 {
		return -1
	}
	digits, _, _ := bytes.Cut(head[at+len(lengthField):], []byte("\r"))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -1
	}
	return n
}
