// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"

	"ininjo/poa"
)

// noticeSamples are the states of the change feed and of ends that recipients
// are told of.
func noticeSamples() []Sample {
	const stream = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	change := poa.Change{Type: poa.NoticeRevoked, DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", At: sampleAt}
	full := poa.Feed{FeedSlice: poa.FeedSlice{Head: poa.Head{Stream: stream, Sequence: 2}, Acknowledged: 1, AcknowledgedAt: sampleAt,
		Notices: []poa.Notice{{Sequence: 1, Change: change}, {Sequence: 2, Change: poa.Change{Type: poa.NoticeAnnouncement, At: sampleAt}}}}}
	ended, nobody := sampleView(poa.StateAccepted), sampleView(poa.StateAccepted)
	end := poa.EndNotice{Type: poa.NoticeRevoked, At: sampleAt, Recipients: 3, Told: 2, Acknowledged: 1, FirstToldAt: sampleAt, LastToldAt: sampleAt}
	ended.Ends = []poa.EndSeen{{EndNotice: end, Named: []poa.NamedRecipient{{Name: "株式会社見本銀行", ToldAt: sampleAt, AcknowledgedAt: sampleAt}, {Name: "第二見本信用金庫"}}}}
	nobody.Ends = []poa.EndSeen{{EndNotice: poa.EndNotice{Type: poa.NoticeSuperseded, At: sampleAt}}}
	return []Sample{
		{"notices", "notices", recipientWho, noticesView{full, "https://ininjo.example/feed"}, nil},
		{"notices-empty", "notices", delegatorWho, noticesView{poa.Feed{FeedSlice: poa.FeedSlice{Head: poa.Head{Stream: stream}}}, "https://ininjo.example/feed"}, nil},
		{"delegation-ends", "delegation", delegatorWho, ended, nil},
		{"delegation-ends-nobody", "delegation", delegatorWho, nobody, nil},
	}
}

// HeadersIn reads the field of an endpoint's headers.
func HeadersIn(text string) []poa.HeaderInput {
	r := &request{Request: &http.Request{PostForm: url.Values{"headers": {text}}}}
	return headersIn(r.lines("headers"))
}

// HeaderLines writes headers as the form shows them.
var HeaderLines = headerLines
