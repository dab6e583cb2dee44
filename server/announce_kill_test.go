// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

// tellVariable makes a copy of this test binary tell what is released in the
// database, and number it, until everybody was told.
const tellVariable = "ININJO_TELL_URL"

const (
	// crowdSize is how many parties are told (20,000 in BenchmarkTelling of poa).
	crowdSize = 4000
	// announceKills is after how many kills the program may come to its end.
	announceKills = 8
)

// tellOn is the program whose telling is cut off.
func tellOn(url string) int {
	err := func() error {
		ctx := context.Background()
		folder, err := os.MkdirTemp("", "tell-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		keys, err := db.NewFolderKeyStore(folder)
		if err != nil {
			return err
		}
		sealer, err := db.NewSealer(keys, bytes.Repeat([]byte("m"), 32), bytes.Repeat([]byte("h"), 32), machineClock)
		if err != nil {
			return err
		}
		store, err := db.Open(ctx, db.Config{URL: url, Sealer: sealer, Clock: machineClock, MaxConns: 4})
		if err != nil {
			return err
		}
		defer store.Close()
		notifier := poa.NewNotifier(machineClock, store, poa.DefaultPolicy("https://ininjo.example"))
		for {
			told, err := notifier.TellAnnouncements(ctx)
			numbered, other := notifier.Number(ctx)
			if err = errors.Join(err, other); err != nil || told+numbered == 0 {
				return err
			}
		}
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestAnnouncementSurvivesKills: the program that tells 4,000 parties is killed
// at random moments, and started again, until it comes to an end: each party has
// exactly one notice, with the next number of its sequence.
func TestAnnouncementSurvivesKills(t *testing.T) {
	t.Parallel()
	data := dbtest.New(t)
	id, now := poa.NewID(poa.PrefixAnnouncement), data.Clock.Now()
	err := data.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		party := poa.NewID(poa.PrefixRecipient)
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: party, Role: poa.PartyRecipient, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: "a@example.jp"}, Language: "ja", AppliedAt: now}), tx.DecideParty(ctx, party, poa.EnrollmentActive, now),
			tx.InsertAnnouncement(ctx, poa.AnnouncementText{ID: id, Kind: poa.AnnounceGeneral, Audience: poa.AudienceBoth, TitleJa: "x", TitleEn: "x", TextJa: "x", TextEn: "x",
				PreparedBy: "acc_1", PreparedAt: now, ReleasedBy: "acc_2", ReleasedAt: now, Parties: crowdSize}))
	})
	if err != nil {
		t.Fatal(err)
	}
	data.Exec(t, fmt.Sprintf(`INSERT INTO parties SELECT (jsonb_populate_record(p, jsonb_build_object('id', 'rcp_' || lpad(to_hex(i), 26, '0'), 'number', 'N' || i))).*
		FROM parties p, generate_series(1, %d) i`, crowdSize-1))
	kills := 0
	for ; kills < announceKills; kills++ {
		if tellOnce(t, data, true) {
			break
		}
	}
	if kills == announceKills && !tellOnce(t, data, false) {
		t.Fatal("it never came to its end")
	}
	t.Logf("%d parties, %d kills", crowdSize, kills)
	if kills == 0 {
		t.Error("it was never killed")
	}
	want := fmt.Sprintf("%d/%d", crowdSize, crowdSize)
	for what, sql := range map[string]string{
		"notices": `SELECT count(*) || '/' || count(DISTINCT party_id) FROM notices WHERE announcement_id = '` + id + `' AND sequence = 1`,
		"changes": `SELECT count(*) || '/' || count(DISTINCT party_id) FROM outbox WHERE announcement_id = '` + id + `' AND numbered_at IS NOT NULL`,
		"told":    `SELECT count(*) || '/' || max(a.told) FROM announcement_parties p JOIN announcements a ON a.id = p.announcement_id WHERE a.finished_at IS NOT NULL`,
	} {
		if got := data.Text(t, sql); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

// tellOnce starts the program and, where it shall be killed, kills it a random
// while after it has told somebody; true where it came to its end.
func tellOnce(t *testing.T, data *dbtest.Database, kill bool) bool {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, program)
	command.Env = append(os.Environ(), tellVariable+"="+data.URL)
	var said bytes.Buffer
	command.Stderr = &said
	told := func() string { return data.Text(t, "SELECT count(*) FROM notices") }
	before := told()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for kill && told() == before && len(ended) == 0 {
		runtime.Gosched()
	}
	if kill {
		timer := time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() { _ = command.Process.Kill() }) // SIGKILL, to the process that this test started
		defer timer.Stop()
	}
	err = <-ended
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		t.Fatalf("it failed: %s", said.String())
	}
	return err == nil
}
