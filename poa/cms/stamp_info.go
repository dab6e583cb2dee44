// SPDX-License-Identifier: Apache-2.0

package cms

import (
	"crypto"
	"encoding/asn1"
	"math/big"
	"strings"
	"time"
)

// stampInfo is TSTInfo of RFC 3161 section 2.4.2, as far as it is used.
type stampInfo struct {
	policy  oid
	hash    crypto.Hash
	imprint []byte
	serial  *big.Int
	time    time.Time
	nonce   *big.Int // nil where there is none
}

// maxNumber bounds serial numbers and nonces, in bytes: RFC 3161 wants 160 bits to be borne.
const maxNumber = 64

func readStampInfo(der []byte) (stampInfo, error) {
	var info stampInfo
	body, err := toDER(der, stampLimits()) // the content is a string of bytes, in which nothing has been looked at yet
	if err != nil {
		return info, err
	}
	outer := fields{rest: body}
	f := fields{rest: outer.want(asn1.TagSequence).Bytes, bad: outer.bad}
	var version int
	f.decode(&version)
	info.policy = f.oid()
	imprint := fields{rest: f.want(asn1.TagSequence).Bytes}
	algorithm := imprint.algorithm()
	info.imprint = imprint.want(octetString).Bytes
	info.serial = f.number()
	written := f.want(asn1.TagGeneralizedTime).Bytes
	info.readOptions(&f)
	if !f.done() || !imprint.done() || version != 1 || info.policy.String() == "" {
		return info, fault(Malformed, "not the fields of a time stamp")
	}
	if info.hash, err = chooseDigest(algorithm); err != nil {
		return info, err
	}
	info.time, err = stampTime(string(written))
	return info, err
}

// readOptions reads accuracy, ordering, nonce, the authority's name and extensions; a critical extension would change
// what the stamp means, so it is refused.
func (info *stampInfo) readOptions(f *fields) {
	if f.peek(asn1.TagSequence) {
		f.want(asn1.TagSequence)
	}
	if f.peek(asn1.TagBoolean) {
		f.want(asn1.TagBoolean)
	}
	if f.peek(asn1.TagInteger) {
		info.nonce = f.number()
	}
	f.optional(0)
	extensions, _ := f.optional(1)
	list := fields{rest: extensions.Bytes}
	for len(list.rest) > 0 {
		one := fields{rest: list.want(asn1.TagSequence).Bytes, bad: list.bad}
		one.want(asn1.TagOID)
		f.bad = f.bad || one.bad || one.peek(asn1.TagBoolean)
	}
}

// number reads an integer of a bounded length.
func (f *fields) number() (n *big.Int) {
	v := f.want(asn1.TagInteger)
	if f.bad || len(v.Bytes) > maxNumber {
		f.bad = true
		return nil
	}
	if rest, err := asn1.Unmarshal(v.FullBytes, &n); err != nil || len(rest) > 0 {
		f.bad = true
	}
	return n
}

// stampTime reads a GeneralizedTime of RFC 3161 section 2.4.2: seconds, a fraction without zeros at its end, and Z.
func stampTime(text string) (time.Time, error) {
	const layout = "20060102150405.999999999Z"
	at, err := time.Parse(layout, text)
	if err != nil || len(text) > len(layout) || !strings.HasSuffix(text, "Z") || at.Format(layout) != text {
		return time.Time{}, fault(Malformed, "the time stamp's time cannot be read")
	}
	return at, nil
}

// imprintHash looks into a token for the hash of its imprint alone; nothing is verified.
func imprintHash(token []byte) (crypto.Hash, error) {
	der, err := toDER(token, stampLimits())
	if err != nil {
		return 0, err
	}
	sd, err := parse(der)
	if err != nil {
		return 0, err
	}
	info, err := readStampInfo(sd.content)
	return info.hash, err
}
