// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// newWorkers registers one worker for each kind of job of the domain.
func newWorkers(c Config) (*river.Workers, error) {
	letters, err := newLetters(c.Policy)
	if err != nil {
		return nil, err
	}
	w := river.NewWorkers()
	err = errors.Join(
		river.AddWorkerSafely(w, &sendMail{Config: c, letters: letters}),
		river.AddWorkerSafely(w, &answerPasswordRequest{Config: c}),
		river.AddWorkerSafely(w, &endFormerDelivery{}),
		river.AddWorkerSafely(w, &warnEndpoints{Config: c}),
		river.AddWorkerSafely(w, &resendBatch{Config: c}),
		river.AddWorkerSafely(w, &announceTerms{Config: c}),
		river.AddWorkerSafely(w, &tellAnnouncements{Config: c}),
		river.AddWorkerSafely(w, &abandonDrafts{Config: c}),
		river.AddWorkerSafely(w, &makePartitions{Config: c}),
		river.AddWorkerSafely(w, &indexInquiries{Config: c}),
		river.AddWorkerSafely(w, &rebuildSearch{Config: c}),
		river.AddWorkerSafely(w, &warnTokens{Config: c}),
		river.AddWorkerSafely(w, &sendHeartbeats{Config: c}),
		river.AddWorkerSafely(w, &sealLog{Config: c}),
		river.AddWorkerSafely(w, &askTitle{Config: c}),
		river.AddWorkerSafely(w, &dueTitles{Config: c}),
		river.AddWorkerSafely(w, &askStatus{Config: c}),
		river.AddWorkerSafely(w, &stampEvidence{Config: c}),
		river.AddWorkerSafely(w, &renewEvidence{Config: c}),
		addRetention(w, c),
	)
	return w, err
}

// periodic is the work that comes by itself. River's leader alone enqueues it;
// all of it runs at the start as well, for what a long stop left behind.
func periodic() []*river.PeriodicJob {
	by := func(interval time.Duration, j poa.Job, options func() *river.InsertOpts) *river.PeriodicJob {
		return river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) { return j, options() },
			&river.PeriodicJobOpts{ID: j.Kind(), RunOnStart: true})
	}
	every := func(interval time.Duration, j poa.Job) *river.PeriodicJob { return by(interval, j, upkeepOptions) }
	return append(retentionJobs(every),
		every(time.Minute, poa.AnnounceTerms{}),
		by(time.Minute, poa.TellAnnouncements{}, announceOptions),
		every(6*time.Hour, poa.AbandonDrafts{}),
		every(24*time.Hour, poa.MakePartitions{}),
		by(15*time.Second, poa.IndexInquiries{}, logOptions),
		every(time.Hour, poa.WarnTokens{}),
		every(time.Minute, poa.SendHeartbeats{}),
		by(time.Minute, poa.SealLog{}, logOptions),
		every(time.Hour, poa.WarnEndpoints{}),
		every(15*time.Minute, poa.DueTitles{}),
		every(time.Hour, poa.RenewEvidence{}),
	)
}

// retryAt is when to try again after the failed-th failure: the wait of the
// schedule, a tenth more or less, so that what failed together does not come
// back together.
func retryAt(now time.Time, waits []time.Duration, failed int) time.Time {
	if len(waits) == 0 {
		return now.Add(time.Minute)
	}
	wait := waits[min(max(failed, 1), len(waits))-1]
	wait += time.Duration((rand.Float64() - 0.5) / 5 * float64(wait))
	return now.Add(wait + time.Millisecond) // River drops an instant that is not after its own now
}
