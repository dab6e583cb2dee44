// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
	"ininjo/server/outside/status"
	"ininjo/server/outside/webhook"
)

var (
	instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	person  = poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17", Gender: "1"}
)

// desk is an authority's counter in the test's process, asked over real HTTP: how it answers can be changed.
type desk struct {
	*httptest.Server
	ca    *poatest.CA
	clock *poatest.Clock
	asked atomic.Int64
	mu    sync.Mutex
	says  http.Handler
}

func newDesk(t *testing.T, tls bool) *desk {
	t.Helper()
	d := &desk{ca: poatest.MustCA(t, instant), clock: poatest.NewClock(instant)}
	d.says = d.honest()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		d.mu.Lock()
		says := d.says
		d.mu.Unlock()
		says.ServeHTTP(w, r)
	})
	d.Server = httptest.NewUnstartedServer(handler)
	if tls {
		d.StartTLS()
	} else {
		d.Start()
	}
	t.Cleanup(d.Close)
	return d
}

func (d *desk) honest() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /list.crl", d.ca.CRLHandler(d.clock.Now))
	mux.Handle("POST /ocsp", d.ca.OCSPHandler(d.clock.Now))
	return mux
}

func (d *desk) say(says http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says = says
}

func (d *desk) root() [32]byte { return sha256.Sum256(d.ca.Root.Raw) }

// places are the desk's two, by kind.
func (d *desk) places() map[status.Kind]status.Place {
	return map[status.Kind]status.Place{status.CRL: {Kind: status.CRL, URL: d.URL + "/list.crl"}, status.OCSP: {Kind: status.OCSP, URL: d.URL + "/ocsp"}}
}

func (d *desk) allowed(t *testing.T) []webhook.Allowance {
	t.Helper()
	_, address, _ := strings.Cut(d.URL, "://")
	allowed, err := webhook.ParseAllowance(address)
	if err != nil {
		t.Fatal(err)
	}
	return []webhook.Allowance{allowed}
}

func (d *desk) source(t *testing.T, change func(*status.Config), places ...status.Place) *status.Source {
	t.Helper()
	c := status.Config{Places: map[[32]byte][]status.Place{d.root(): places}, Allowed: d.allowed(t), Timeout: 10 * time.Second, Backoff: time.Millisecond, Clock: d.clock}
	if change != nil {
		change(&c)
	}
	s, err := status.NewSource(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (d *desk) question(certificate *x509.Certificate) poa.StatusQuestion {
	return poa.StatusQuestion{Certificate: certificate, Issuer: d.ca.Root, RootSHA256: d.root(), At: d.clock.Now()}
}

// told is what of an answer the tables compare.
type told struct {
	Standing jpki.Standing
	At       time.Time
	Reason   string
}

func tell(a jpki.StatusAnswer) told { return told{a.Standing, a.RevokedAt, a.Reason} }

func TestSourceTellsTheStanding(t *testing.T) {
	t.Parallel()
	since := instant.AddDate(0, 0, -3)
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		tests := map[string]struct {
			act  func(*desk, *x509.Certificate)
			want told
		}{
			"good":     {func(*desk, *x509.Certificate) {}, told{Standing: jpki.Good}},
			"revoked":  {func(d *desk, c *x509.Certificate) { d.ca.Revoke(c, since, poatest.ReasonAffiliationChanged) }, told{jpki.Revoked, since, "affiliationChanged"}},
			"on hold":  {func(d *desk, c *x509.Certificate) { d.ca.Hold(c, since) }, told{jpki.OnHold, since, "certificateHold"}},
			"released": {func(d *desk, c *x509.Certificate) { d.ca.Hold(c, since); d.ca.Unrevoke(c) }, told{Standing: jpki.Good}},
		}
		if kind == status.OCSP { // a list does not know what it does not know
			tests["unknown"] = struct {
				act  func(*desk, *x509.Certificate)
				want told
			}{func(d *desk, c *x509.Certificate) { d.ca.Forget(c) }, told{Standing: jpki.Unknown}}
		}
		for name, test := range tests {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t, false)
				signer := poatest.MustIssue(t, d.ca, person).Certificate
				test.act(d, signer)
				got, err := d.source(t, nil, d.places()[kind]).Status(t.Context(), d.question(signer))
				if diff := cmp.Diff(test.want, tell(got)); err != nil || diff != "" {
					t.Errorf("%v\n%s", err, diff)
				}
				if !strings.EqualFold(got.Source, string(kind)) || len(got.Raw) == 0 {
					t.Errorf("source %s, %d bytes kept", got.Source, len(got.Raw))
				}
			})
		}
	}
}

func status5xx(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func bodyOf(body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

func TestSourceCannotTellFrom(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		says  func(*desk) http.Handler
		want  string // in the error
		asked int64
	}{
		"garbage":     {func(*desk) http.Handler { return bodyOf([]byte("<html>")) }, "STATUS_UNREADABLE", 1},
		"nothing":     {func(*desk) http.Handler { return bodyOf(nil) }, "STATUS_UNREADABLE", 1},
		"404":         {func(*desk) http.Handler { return http.NotFoundHandler() }, "answered 404", 1},
		"429":         {func(*desk) http.Handler { return status5xx(http.StatusTooManyRequests) }, "answered 429", 1},
		"500":         {func(*desk) http.Handler { return status5xx(http.StatusInternalServerError) }, "answered 500", 3},
		"a redirect":  {func(d *desk) http.Handler { return http.RedirectHandler(d.URL+"/list.crl", http.StatusFound) }, "answered 302", 1},
		"without end": {func(*desk) http.Handler { return http.HandlerFunc(endless) }, "too large", 1},
		"a closed one": {func(*desk) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		}, "connection failed", 3},
	}
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		for name, test := range tests {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t, false)
				d.say(test.says(d))
				got, err := d.source(t, nil, d.places()[kind]).Status(t.Context(), d.question(poatest.MustIssue(t, d.ca, person).Certificate))
				if err == nil || !strings.Contains(err.Error(), test.want) || got.Standing != "" {
					t.Errorf("got %s, %v, want an error with %q", got.Standing, err, test.want)
				}
				if n := d.asked.Load(); n != test.asked {
					t.Errorf("asked %d times, want %d", n, test.asked)
				}
			})
		}
	}
}

// endless writes until the client has enough.
func endless(w http.ResponseWriter, _ *http.Request) {
	block := bytes.Repeat([]byte{0x30}, 1<<20)
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func TestSourceRefusesOtherAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	foreign := poatest.MustCA(t, instant, poatest.WithOwnKey())
	signer := poatest.MustIssue(t, d.ca, person).Certificate
	hour := time.Hour
	list := func(options ...poatest.ListOption) http.Handler { return d.ca.CRLHandler(d.clock.Now, options...) }
	response := func(options ...poatest.ResponseOption) http.Handler { return d.ca.OCSPHandler(d.clock.Now, options...) }
	tests := map[string]struct {
		kind status.Kind
		says http.Handler
		want jpki.Kind
	}{
		"an expired list":            {status.CRL, list(poatest.WithListPeriod(instant.Add(-2*hour), instant.Add(-hour))), jpki.StatusStale},
		"a list from the future":     {status.CRL, list(poatest.WithListPeriod(instant.Add(hour), instant.Add(2*hour))), jpki.StatusNotYet},
		"a list of another issuer":   {status.CRL, foreign.CRLHandler(d.clock.Now), jpki.StatusSignature},
		"a list of elsewhere":        {status.CRL, list(poatest.OfMunicipality("Osaka-fu", "Osaka-shi")), jpki.StatusScope},
		"an expired response":        {status.OCSP, response(poatest.WithResponsePeriod(instant.Add(-2*hour), instant.Add(-hour))), jpki.StatusStale},
		"a response from the future": {status.OCSP, response(poatest.WithResponsePeriod(instant.Add(hour), instant.Add(2*hour))), jpki.StatusNotYet},
		"another serial number":      {status.OCSP, response(poatest.AboutSerial(foreign.Root.SerialNumber)), jpki.StatusOtherCertificate},
		"another issuer":             {status.OCSP, response(poatest.AboutIssuer(foreign.Root)), jpki.StatusOtherIssuer},
		"a wrong nonce":              {status.OCSP, response(poatest.WithNonce([]byte{4, 2, 1, 2})), jpki.StatusNonce},
		"no nonce":                   {status.OCSP, response(poatest.WithoutNonce()), jpki.StatusNonce},
		"a wrong signature":          {status.OCSP, response(poatest.WithSpoiledSignature()), jpki.StatusSignature},
		"no signature":               {status.OCSP, response(poatest.WithoutSignature()), jpki.StatusSignature},
		"not asked by its issuer":    {status.OCSP, foreign.OCSPHandler(d.clock.Now), jpki.StatusRefused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d.say(test.says) // these run in turn
			defer d.say(d.honest())
			if got, err := d.source(t, nil, d.places()[test.kind]).Status(t.Context(), d.question(signer)); jpki.KindOf(err) != test.want || got.Standing != "" {
				t.Errorf("got %s, %v, want %s", got.Standing, err, test.want)
			}
		})
	}
}

func TestSourceTakesResponsesWithoutNonceWhereThatIsSet(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	signer := poatest.MustIssue(t, d.ca, person).Certificate
	s := d.source(t, func(c *status.Config) { c.NonceOptional = true }, d.places()[status.OCSP])
	d.say(d.ca.OCSPHandler(d.clock.Now, poatest.WithNonce([]byte{4, 2, 1, 2})))
	if _, err := s.Status(t.Context(), d.question(signer)); jpki.KindOf(err) != jpki.StatusNonce {
		t.Errorf("a wrong nonce: %v", err)
	}
	d.say(d.ca.OCSPHandler(d.clock.Now, poatest.WithoutNonce()))
	if got, err := s.Status(t.Context(), d.question(signer)); err != nil || got.Standing != jpki.Good {
		t.Errorf("no nonce: %s, %v", got.Standing, err)
	}
}

func TestSourceWaitsNoLongerThanItsTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	d.say(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}))
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		s := d.source(t, func(c *status.Config) { c.Timeout = 50 * time.Millisecond }, d.places()[kind])
		if _, err := s.Status(t.Context(), d.question(poatest.MustIssue(t, d.ca, person).Certificate)); err == nil || !strings.Contains(err.Error(), "in time") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := d.source(t, nil, d.places()[status.OCSP]).Status(gone, d.question(poatest.MustIssue(t, d.ca, person).Certificate)); err == nil {
		t.Error("answered somebody who was gone")
	}
}

func TestSourceAsksTheNextPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	signer := poatest.MustIssue(t, d.ca, person).Certificate
	gone := status.Place{Kind: status.OCSP, URL: d.URL + "/gone"}
	if got, err := d.source(t, nil, gone, d.places()[status.CRL]).Status(t.Context(), d.question(signer)); err != nil || got.Source != jpki.SourceCRL {
		t.Errorf("%s, %v", got.Source, err)
	}
	d.ca.Forget(signer) // UNKNOWN is an answer: the list, which cannot say so, is not asked
	if got, err := d.source(t, nil, d.places()[status.OCSP], d.places()[status.CRL]).Status(t.Context(), d.question(signer)); err != nil || got.Standing != jpki.Unknown {
		t.Errorf("%s, %v", got.Standing, err)
	}
	q := d.question(signer)
	q.RootSHA256[0] ^= 1
	if _, err := d.source(t, nil, d.places()[status.OCSP]).Status(t.Context(), q); err == nil {
		t.Error("answered for a root that nobody set")
	}
}

func TestSourceOverTLS(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	signer := poatest.MustIssue(t, d.ca, person).Certificate
	pool := x509.NewCertPool()
	pool.AddCert(d.Certificate())
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		if got, err := d.source(t, func(c *status.Config) { c.Roots = pool }, d.places()[kind]).Status(t.Context(), d.question(signer)); err != nil || got.Standing != jpki.Good {
			t.Errorf("%s: %s, %v", kind, got.Standing, err)
		}
		if _, err := d.source(t, nil, d.places()[kind]).Status(t.Context(), d.question(signer)); err == nil || !strings.Contains(err.Error(), "not trusted") {
			t.Errorf("%s: another server: %v", kind, err)
		}
		if _, err := d.source(t, func(c *status.Config) { c.Roots, c.Allowed = pool, nil }, d.places()[kind]).Status(t.Context(), d.question(signer)); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: a private address: %v", kind, err)
		}
	}
}

func TestSourceReadsListsFromFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	signer := poatest.MustIssue(t, d.ca, person).Certificate
	file := filepath.Join(t.TempDir(), "list.crl")
	s := d.source(t, nil, status.Place{Kind: status.CRL, File: file})
	put := func(content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := func() []byte {
		der, err := d.ca.RevocationList(instant)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	if _, err := s.Status(t.Context(), d.question(signer)); err == nil || strings.Contains(err.Error(), file) {
		t.Errorf("no file: %v", err)
	}
	put(list())
	if got, err := s.Status(t.Context(), d.question(signer)); err != nil || got.Standing != jpki.Good {
		t.Errorf("DER: %s, %v", got.Standing, err)
	}
	d.ca.Revoke(signer, instant, poatest.ReasonSuperseded)
	put(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list()}))
	if got, err := s.Status(t.Context(), d.question(signer)); err != nil || got.Standing != jpki.Revoked {
		t.Errorf("a new one in PEM: %s, %v", got.Standing, err)
	}
	put(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signer.Raw}))
	if _, err := s.Status(t.Context(), d.question(signer)); jpki.KindOf(err) != jpki.StatusUnreadable {
		t.Errorf("a certificate: %v", err)
	}
	if _, err := d.source(t, nil, status.Place{Kind: status.CRL, File: t.TempDir()}).Status(t.Context(), d.question(signer)); err == nil {
		t.Error("read a folder")
	}
}

func TestSourceUsesAnswersAgainAsLongAsTheyHold(t *testing.T) {
	t.Parallel()
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, false)
			signer := poatest.MustIssue(t, d.ca, person).Certificate
			s := d.source(t, func(c *status.Config) { c.MaxAge = 2 * time.Hour }, d.places()[kind])
			ask := func(want jpki.Standing, asked int64) {
				t.Helper()
				got, err := s.Status(t.Context(), d.question(signer))
				if err != nil || got.Standing != want || d.asked.Load() != asked {
					t.Errorf("%s, asked %d times, %v; want %s and %d", got.Standing, d.asked.Load(), err, want, asked)
				}
			}
			ask(jpki.Good, 1)
			d.ca.Revoke(signer, instant, poatest.ReasonSuperseded)
			d.clock.Advance(59 * time.Minute)
			ask(jpki.Good, 1) // still the first answer
			if kind == status.OCSP {
				d.clock.Advance(time.Minute) // its next update
			} else {
				d.clock.Advance(61 * time.Minute) // the most that is set
			}
			ask(jpki.Revoked, 2)
			d.clock.Advance(-30 * time.Minute) // before it came
			ask(jpki.Revoked, 3)
		})
	}
}

func TestSourceAsksOnceForManyAtATime(t *testing.T) {
	t.Parallel()
	for _, kind := range []status.Kind{status.CRL, status.OCSP} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, false)
			arrived, leave := make(chan struct{}, 1), make(chan struct{})
			honest := d.honest()
			d.say(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case arrived <- struct{}{}:
				default:
				}
				<-leave
				honest.ServeHTTP(w, r)
			}))
			s := d.source(t, nil, d.places()[kind])
			signer := poatest.MustIssue(t, d.ca, person).Certificate
			first, cancel := context.WithCancel(t.Context())
			var wait sync.WaitGroup
			ask := func(ctx context.Context, want bool) {
				defer wait.Done()
				if got, err := s.Status(ctx, d.question(signer)); want && (err != nil || got.Standing != jpki.Good) {
					t.Errorf("%s, %v", got.Standing, err)
				}
			}
			wait.Add(1)
			go ask(first, false)
			<-arrived
			wait.Add(8)
			for range 8 {
				go ask(t.Context(), true)
			}
			cancel() // whoever asked first going away is no harm to the others
			close(leave)
			wait.Wait()
			if n := d.asked.Load(); n > 2 { // who comes after the answer may ask again where it is not kept
				t.Errorf("asked %d times", n)
			}
		})
	}
}
