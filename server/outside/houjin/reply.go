// SPDX-License-Identifier: Apache-2.0

package houjin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"ininjo/poa"
)

// maxReply bounds a reply in bytes: one for a single number has about 2 kB.
const maxReply = 64 << 10

// maxText bounds each text of a reply, in bytes, as published: names have at
// most 150 characters, each part of an address 300.
const maxText = 2000

// reply is what of an answer is read (type 12: XML, Unicode).
type reply struct {
	XMLName      xml.Name      `xml:"corporations"`
	Corporations []corporation `xml:"corporation"`
}

type corporation struct {
	Number         string `xml:"corporateNumber"`
	Name           string `xml:"name"`
	NameImage      string `xml:"nameImageId"`
	Prefecture     string `xml:"prefectureName"`
	City           string `xml:"cityName"`
	Street         string `xml:"streetNumber"`
	AddressImage   string `xml:"addressImageId"`
	Outside        string `xml:"addressOutside"`
	OutsideImage   string `xml:"addressOutsideImageId"`
	CloseDate      string `xml:"closeDate"`
	Latest         string `xml:"latest"`
	ChangedProcess string `xml:"process"`
}

// deleted is the kind of change that takes a record back (99 削除).
const deleted = "99"

// errReply says that an answer is none of this interface's. It quotes nothing of
// it.
var errReply = errors.New("the reply cannot be read")

// parse reads the answer to a question for one number.
func parse(body []byte, number string) (poa.PublishedCorporation, error) {
	var r reply
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errReply } // UTF-8 alone was asked for
	if err := decoder.Decode(&r); err != nil {
		return poa.PublishedCorporation{}, errReply
	}
	for _, c := range r.Corporations {
		if c.Number != number || c.Latest == "0" {
			continue
		}
		if c.ChangedProcess == deleted {
			return poa.PublishedCorporation{}, poa.ErrNotFound
		}
		return c.published()
	}
	if len(r.Corporations) > 0 {
		return poa.PublishedCorporation{}, fmt.Errorf("another number was answered: %w", errReply)
	}
	return poa.PublishedCorporation{}, poa.ErrNotFound
}

func (c corporation) published() (poa.PublishedCorporation, error) {
	p := poa.PublishedCorporation{Number: c.Number, Name: strings.TrimSpace(c.Name), Address: strings.TrimSpace(c.Prefecture + c.City + c.Street),
		NameImage: c.NameImage != "", AddressImage: c.AddressImage != ""}
	if p.Address == "" {
		p.Address, p.AddressImage = strings.TrimSpace(c.Outside), c.OutsideImage != ""
	}
	if len(p.Name) > maxText || len(p.Address) > maxText || p.Name == "" && !p.NameImage {
		return poa.PublishedCorporation{}, errReply
	}
	if c.CloseDate == "" {
		return p, nil
	}
	day, err := poa.ParseDate(c.CloseDate)
	if err != nil {
		return poa.PublishedCorporation{}, errReply
	}
	p.ClosedOn = day
	return p, nil
}
