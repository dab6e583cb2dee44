// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"ininjo/db"
	"ininjo/graph"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
	"ininjo/portal"
	"ininjo/server/outside/webhook"
)

// service is one process of the service with everything that it is wired from.
type service struct {
	config   Config
	log      *slog.Logger
	clock    poa.Clock
	machine  poa.Clock
	policy   poa.Policy
	database *database
	db       *db.DB
	// eraser is the store as the role of retention; nil where there is no login.
	eraser   *db.DB
	keyStore *db.DatabaseKeyStore // nil where the key store is a folder
	// keyCopier is the key store of either kind.
	keyCopier db.KeyCopier
	jobs      *jobs.Jobs
	mail      jobs.Mailer
	metrics   *metrics
	chapters  chapters
	actors    actors
	hooks     *webhook.Client
	// bell wakes who waits for notices; stopBell ends it, nil before it began.
	bell     *poa.Bell
	stopBell func()
	keys     keys
	// receipts are the keys of receipts, keyrings those of every purpose; stopKeys
	// ends looking for new ones, nil before it began.
	receipts *keyring
	keyrings []*keyring
	stopKeys func()
	// stopRefusals records what was refused last; nil before they are counted.
	stopRefusals func(context.Context)

	// started is set once the start stands in the audit log; stopping while the
	// process takes no more work.
	started, stopping atomic.Bool
	listener          net.Listener
	http              *http.Server
	// direct answers what asks about validity, by the answerer; http has the rest.
	direct   *direct
	answerer answerer
	observer *http.Server
	// broken hands wait what ended a server that should go on.
	broken chan error
}

// chapters are the rules, by chapter of the operating rules.
type chapters struct {
	enrollment *poa.Enrollment
	registrar  *poa.Registrar
	responder  *poa.Responder
	notifier   *poa.Notifier
	records    *poa.Records
	access     *poa.Access
	desk       *poa.Desk
	titles     *poa.Titles
	retention  *poa.Retention
	lists      *poa.StatusLists
}

// newService wires a process: database, keys, rules and jobs, but no listener.
func newService(ctx context.Context, c Config, clock poa.Clock, log *slog.Logger) (*service, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &service{config: c, log: log, clock: clock, machine: poa.SystemClock{}, metrics: newMetrics(), broken: make(chan error, 3)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

func (s *service) open(ctx context.Context) error {
	err := s.config.prepareKeys()
	if err != nil {
		return err
	}
	if s.keys, err = loadKeys(s.config.Keys); err != nil {
		return err
	}
	if s.database, err = openDatabase(ctx, s.config, s.log); err != nil {
		return err
	}
	if err := s.openStore(ctx); err != nil {
		return err
	}
	if err := s.checkMark(ctx); err != nil {
		return err
	}
	if err := s.registerKeys(ctx); err != nil {
		return err
	}
	if err := s.replayDestroyed(ctx); err != nil {
		return err
	}
	return s.openHooks()
}

// openStore opens the store on sealed columns and the queue.
func (s *service) openStore(ctx context.Context) error {
	keyStore, err := s.openKeyStore(ctx)
	if err != nil {
		return err
	}
	s.keyCopier, _ = keyStore.(db.KeyCopier) // both kinds are
	sealer, err := db.NewSealer(keyStore, s.keys.master, s.keys.hash, s.clock)
	if err != nil {
		return err
	}
	enqueue, err := s.openQueue()
	if err != nil {
		return err
	}
	s.db, err = db.Open(ctx, db.Config{URL: s.database.url, Sealer: sealer, Clock: s.clock, Enqueue: enqueue,
		ReplicaURL: s.config.ReplicaURL, ReplicaWait: s.config.ReplicaWait})
	if err != nil {
		return err
	}
	s.watchReplica()
	if err := s.openEraser(ctx, sealer, enqueue); err != nil {
		return err
	}
	return s.db.MakePartitions(ctx, s.clock.Now())
}

// wire gives the chapters their clock, store and policy. It needs the public
// address, which is written into every delegation.
func (s *service) wire(publicURL string) error {
	s.policy = s.policyAt(publicURL)
	profile, err := s.profile()
	if err != nil {
		return err
	}
	h := newHasher(passwordParams)
	s.chapters = chapters{
		enrollment: poa.NewEnrollment(s.clock, s.db, s.policy, h),
		registrar:  poa.NewRegistrar(s.clock, s.db, s.policy, profile),
		responder:  poa.NewResponder(s.clock, s.db, s.policy, s.receipts.set),
		notifier:   poa.NewNotifier(s.clock, s.db, s.policy),
		records:    poa.NewRecords(s.clock, s.db),
		access:     poa.NewAccess(s.clock, s.db, s.policy, h),
		desk:       poa.NewDesk(s.clock, s.db, s.policy),
		titles:     poa.NewTitles(s.clock, s.db, s.policy),
		retention:  poa.NewRetention(s.clock, s.db, s.policy),
		lists:      poa.NewStatusLists(s.clock, s.db, s.db, s.policy),
	}
	s.bound()
	if err := s.equipVerification(profile); err != nil {
		return err
	}
	if err := s.connectRegistries(); err != nil {
		return err
	}
	checker, err := newPasskeys(s.policy)
	if err != nil {
		return err
	}
	if checker != nil {
		s.chapters.access = s.chapters.access.WithPasskeys(checker)
	}
	numbers, err := s.config.corporateNumbers(s.machine)
	if err != nil {
		return err
	}
	if numbers != nil {
		s.chapters.enrollment.LookUpWith(numbers)
	}
	s.bell = poa.NewBell(s.db)
	s.actors = actors{store: s.db, clock: s.clock, staffTokens: s.config.demo}
	return s.equipRetention()
}

func (s *service) policyAt(publicURL string) poa.Policy {
	p := poa.DefaultPolicy(publicURL)
	p.ServiceName, p.PolicyOID, p.Version = s.config.ServiceName, s.config.ServicePolicyOID, version()
	p.RecipientRegistration = poa.RegistrationMode(strings.ToUpper(s.config.RecipientRegistration))
	if s.config.PolicyURL != "" {
		p.PolicyURL = s.config.PolicyURL
	}
	p.BounceAddress = s.config.BounceAddress
	s.config.titlePolicy(&p)
	s.config.evidencePolicy(&p)
	p.Heartbeat = s.config.Heartbeat
	p.StatusListsFor = poa.StatusListMode(strings.ToUpper(s.config.StatusLists))
	if s.config.demo {
		p.Live, p.StaffTokens, p.RepeatCodes = "test", true, true
	}
	return p
}

// profile pins the roots. A test hierarchy is for the demo alone.
func (s *service) profile() (jpki.Profile, error) {
	profile := jpki.Profile{Policies: s.config.PolicyOIDs}
	if s.config.Roots == "" {
		if s.config.beside {
			return profile, nil
		}
		s.log.Warn("no --roots: no signature will be trusted")
		return profile, nil
	}
	roots, err := jpki.LoadRoots(s.config.Roots)
	if err != nil {
		return profile, fmt.Errorf("reading --roots: %w", err)
	}
	if roots.IsTest() && !s.config.demo {
		return profile, errors.New("--roots holds a test hierarchy, which only demo may trust")
	}
	profile.Roots = roots
	profile.Methods, err = s.config.methods(s.config.demo, roots)
	return profile, err
}

// routes is the one page on which every way in is wired.
func (s *service) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	s.wellKnown(mux)
	often, err := newThrottle(s.machine, s.config.AnonymousRate, s.config.TrustedProxies, s.metrics)
	if err != nil {
		return nil, err
	}
	often.reads = s.policy.Registration() == poa.RegistrationNone
	s.feed(mux, often)
	if err := s.statusLists(mux, often); err != nil {
		return nil, err
	}
	documents, err := s.config.documents()
	if err != nil {
		return nil, err
	}
	answers := s.graphQL(often, documents)
	s.answerer = answers
	mux.Handle("/graphql", answers)
	pages, err := s.portal(often)
	if err != nil {
		return nil, err
	}
	mux.Handle("/", pages)
	if err := s.openBounces(mux); err != nil {
		return nil, err
	}
	return wrap(mux, s.log, s.clock, s.metrics), nil
}

func (s *service) graphQL(often *throttle, documents *graph.Documents) *graph.Handler {
	return graph.New(graph.Config{
		Enrollment: s.chapters.enrollment, Registrar: s.chapters.registrar, Responder: s.chapters.responder,
		Notifier: s.chapters.notifier, Records: s.chapters.records, Addresses: s.hooks, Bell: s.bell,
		Actor: s.actors.actor, Credential: s.actors.credential, Language: languageFrom, Text: locale.Text, Log: s.log,
		Wait: often.anonymousWait, Documents: documents,
	})
}

// parsedViews are shared by all services of a process.
var parsedViews = sync.OnceValues(func() (*portal.PageViews, error) { return portal.ParseViews(locale.Text) })

func (s *service) portal(often *throttle) (http.Handler, error) {
	signedIn := newSessions(s.db, s.db.Sessions(), s.chapters.access, s.clock, s.policy.PublicURL, s.log)
	views, err := parsedViews()
	if err != nil {
		return nil, fmt.Errorf("preparing pages: %w", err)
	}
	pages, err := portal.New(portal.Config{
		PageViews:  views,
		Enrollment: s.chapters.enrollment, Registrar: s.chapters.registrar, Responder: s.chapters.responder,
		Notifier: s.chapters.notifier, Records: s.chapters.records, Access: s.chapters.access, Desk: s.chapters.desk, Titles: s.chapters.titles,
		Retention: s.chapters.retention, Clock: s.clock, Policy: s.policy, Addresses: s.hooks,
		Session: signedIn, LinkActor: s.actors.link, Queues: s.queues, Text: locale.Text, Log: s.log, Demo: s.config.demo, Wait: often.wait,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing pages: %w", err)
	}
	return signedIn.manager.LoadAndSave(noteRoute(pages)), nil
}
