// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// answerPasswordRequest mails a link to set a new password, where the address has
// an account: whoever asked was answered before, and cannot tell by the time.
type answerPasswordRequest struct {
	river.WorkerDefaults[poa.AnswerPasswordRequest]
	Config
}

// Work answers one request.
func (w *answerPasswordRequest) Work(ctx context.Context, job *river.Job[poa.AnswerPasswordRequest]) error {
	return w.Access.AnswerPasswordRequest(ctx, job.Args.RequestID)
}
