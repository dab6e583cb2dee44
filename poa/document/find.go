// SPDX-License-Identifier: Apache-2.0

package document

import "bytes"

// xmlEnd ends what Marshal of XML writes.
const xmlEnd = "</Delegation>\n"

// Find reads what a file of any format says, signed or drafted, from the one
// drafted XML that stands in it. It looks at no signature: whoever goes by what it
// returns has verified the file otherwise.
func Find(file []byte) (Content, error) {
	if len(file) > MaxSigned {
		return Content{}, fault(TooLarge, "file")
	}
	from := bytes.Index(file, []byte(xmlProlog))
	if from < 0 {
		return Content{}, fault(Missing, "XML")
	}
	size := bytes.Index(file[from:], []byte(xmlEnd))
	if size < 0 || bytes.Contains(file[from+len(xmlProlog):], []byte(xmlProlog)) {
		return Content{}, fault(Missing, "XML")
	}
	return XML{}.Parse(file[from : from+size+len(xmlEnd)])
}
