// SPDX-License-Identifier: Apache-2.0

package houjin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/server/outside/houjin"
)

const number = "2040001999902"

// page is a reply of the interface with one record, whose elements are those of
// the agency's own sample.
func page(change ...string) string {
	text := `<?xml version="1.0" encoding="UTF-8"?>
<corporations><lastUpdateDate>2026-05-29</lastUpdateDate><count>1</count><divideNumber>1</divideNumber><divideSize>1</divideSize>
<corporation><sequenceNumber>1</sequenceNumber><corporateNumber>2040001999902</corporateNumber><process>01</process><correct>0</correct><updateDate>2018-04-02</updateDate>
<changeDate>2015-10-05</changeDate><name>株式会社国税商事あ</name><nameImageId/><kind>301</kind><prefectureName>千葉県</prefectureName><cityName>千葉市美浜区</cityName>
<streetNumber>中瀬２丁目６番地１</streetNumber><addressImageId/><prefectureCode>12</prefectureCode><cityCode>106</cityCode><postCode>2610023</postCode><addressOutside/>
<addressOutsideImageId/><closeDate/><closeCause/><successorCorporateNumber/><changeCause/><assignmentDate>2015-10-05</assignmentDate><latest>1</latest><enName/><hihyoji>0</hihyoji></corporation></corporations>`
	return strings.NewReplacer(change...).Replace(text)
}

// agency answers as the test lets it, and counts the questions.
func agency(t *testing.T, answer http.HandlerFunc) (*houjin.Client, *poatest.Clock, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		q := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != "/4/num" || q.Get("id") != "APPLICATIONID" || q.Get("type") != "12" || q.Get("number") == "" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	clock := poatest.NewClock(time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC))
	client, err := houjin.NewClient(houjin.Config{URL: server.URL + "/4", ID: "APPLICATIONID", Clock: clock, Deadline: 2 * time.Second, Attempt: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return client, clock, &asked
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = w.Write([]byte(body)) }
}

func TestFind(t *testing.T) {
	t.Parallel()
	plain := poa.PublishedCorporation{Number: number, Name: "株式会社国税商事あ", Address: "千葉県千葉市美浜区中瀬２丁目６番地１"}
	image, closed, abroad := plain, plain, plain
	image.NameImage, image.AddressImage = true, true
	closed.ClosedOn = poa.Date{Year: 2020, Month: 3, Day: 31}
	abroad.Address = "1600 Pennsylvania Avenue"
	for _, each := range []struct {
		name   string
		answer http.HandlerFunc
		want   poa.PublishedCorporation
		err    error // ErrNotFound, or any where it is errAny
		asked  int64
	}{
		{"found", says(200, page()), plain, nil, 1},
		{"with characters published as images", says(200, page("<nameImageId/>", "<nameImageId>00000001</nameImageId>", "<addressImageId/>", "<addressImageId>2</addressImageId>")), image, nil, 1},
		{"closed", says(200, page("<closeDate/>", "<closeDate>2020-03-31</closeDate>")), closed, nil, 1},
		{"abroad", says(200, page("<prefectureName>千葉県</prefectureName>", "", "<cityName>千葉市美浜区</cityName>", "", "<streetNumber>中瀬２丁目６番地１</streetNumber>", "", "<addressOutside/>", "<addressOutside>1600 Pennsylvania Avenue</addressOutside>")), abroad, nil, 1},
		{"not found", says(200, `<corporations><count>0</count></corporations>`), poa.PublishedCorporation{}, poa.ErrNotFound, 1},
		{"taken back", says(200, page("<process>01</process>", "<process>99</process>")), poa.PublishedCorporation{}, poa.ErrNotFound, 1},
		{"another number", says(200, page("<corporateNumber>2040001999902", "<corporateNumber>7000012050002")), poa.PublishedCorporation{}, errAny, 1},
		{"no application of that ID", says(403, "100,登録されていません"), poa.PublishedCorporation{}, errAny, 1},
		{"garbage", says(200, "\x00\xff<corporations"), poa.PublishedCorporation{}, errAny, 1},
		{"Shift-JIS", says(200, page("UTF-8", "Shift_JIS")), poa.PublishedCorporation{}, errAny, 1},
		{"a day that there is not", says(200, page("<closeDate/>", "<closeDate>2020-02-31</closeDate>")), poa.PublishedCorporation{}, errAny, 1},
		{"huge", says(200, page("<enName/>", "<enName>"+strings.Repeat("A", 70<<10)+"</enName>")), poa.PublishedCorporation{}, errAny, 1},
		{"down", says(503, ""), poa.PublishedCorporation{}, errAny, 3},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/4/num?again", http.StatusFound) }, poa.PublishedCorporation{}, errAny, 1},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, poa.PublishedCorporation{}, errAny, 3},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			client, _, asked := agency(t, each.answer)
			got, err := client.Find(t.Context(), number)
			if got != each.want || (err == nil) != (each.err == nil) || errors.Is(err, poa.ErrNotFound) != errors.Is(each.err, poa.ErrNotFound) {
				t.Errorf("got %+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "APPLICATIONID") {
				t.Errorf("the error tells the ID: %v", err)
			}
			if asked.Load() != each.asked {
				t.Errorf("asked %d times, not %d", asked.Load(), each.asked)
			}
		})
	}
}

var errAny = errors.New("any error but not found")

func TestAnswersAreRemembered(t *testing.T) {
	t.Parallel()
	client, clock, asked := agency(t, says(200, page()))
	for range 3 {
		if _, err := client.Find(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times for what was known", asked.Load())
	}
	clock.Advance(11 * time.Minute)
	if _, err := client.Find(t.Context(), number); err != nil || asked.Load() != 2 {
		t.Errorf("asked %d times after a while: %v", asked.Load(), err)
	}
}

func TestTheAgencyIsNotAskedTooOften(t *testing.T) {
	t.Parallel()
	client, clock, asked := agency(t, says(200, `<corporations/>`))
	for i := range 30 {
		_, err := client.Find(t.Context(), fmt.Sprintf("%013d", i))
		if err == nil {
			t.Fatal("nothing is published, and something was found")
		}
	}
	if asked.Load() != 10 {
		t.Errorf("asked %d times at one moment", asked.Load())
	}
	clock.Advance(time.Second)
	if _, err := client.Find(t.Context(), number); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a second later: %v", err)
	}
}

func TestWhoGoesAwayWaitsForNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client, _, asked := agency(t, func(http.ResponseWriter, *http.Request) { cancel() })
	if _, err := client.Find(ctx, number); err == nil {
		t.Error("found though the caller went away")
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestAddressOfTheInterface(t *testing.T) {
	t.Parallel()
	clock := poatest.NewClock(time.Date(2026, 6, 1, 3, 0, 0, 0, time.UTC))
	for url, fits := range map[string]bool{"https://api.houjin-bangou.nta.go.jp/4": true, "http://127.0.0.1:8080/4": true, "http://api.houjin-bangou.nta.go.jp/4": false,
		"ftp://x/4": false, "https://user@x/4": false, "": false, "https://x/4?id=1": false, "http://localhost.example/4": false} {
		if _, err := houjin.NewClient(houjin.Config{URL: url, ID: "X", Clock: clock}); (err == nil) != fits {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := houjin.NewClient(houjin.Config{URL: "https://x/4", Clock: clock}); err == nil {
		t.Error("no application ID is needed")
	}
}
