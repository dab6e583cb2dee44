// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"mime"
	"strconv"
	"strings"
)

// offered are the media types of answers, the preferred one first where a
// caller takes both alike; one who takes anything gets the last.
var offered = []string{typeResponse, typeJSON}

// negotiate chooses the media type of the answer (RFC 9110, section 12.5.1), or
// "" where the caller takes none of ours. Without a wish it is
// application/json, which every client reads (GraphQL over HTTP, "Accept").
func negotiate(accept []string) string {
	wishes := strings.Join(accept, ",")
	if strings.TrimSpace(wishes) == "" {
		return typeJSON
	}
	best, weight, exact := "", 0.0, 0
	for _, each := range offered {
		q, how := wish(wishes, each)
		// Named types beat wildcards of the same weight; among wildcards JSON wins.
		if q > weight || q == weight && q > 0 && (how > exact || how == exact && how < 2) {
			best, weight, exact = each, q, how
		}
	}
	return best
}

// wish is the weight that the most exact range gives a media type, and how
// exact it was: 2 named, 1 application/*, 0 anything.
func wish(wishes, media string) (float64, int) {
	weight, exact := 0.0, -1
	for part := range strings.SplitSeq(wishes, ",") {
		name, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		how := map[string]int{media: 2, "application/*": 1, "*/*": 0}
		level, fits := how[name]
		charset := parameters["charset"]
		if !fits || level <= exact || charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		weight, exact = quality(parameters["q"]), level
	}
	return weight, exact
}

func quality(text string) float64 {
	if text == "" {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
