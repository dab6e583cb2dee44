// SPDX-License-Identifier: Apache-2.0

package portal

import "fmt"

type queuesView struct{ Queues []Queue }

// listQueues shows the queues of jobs to any member of staff.
func (p *portal) listQueues(r *request) error {
	queues, err := p.Queues(r.Context())
	if err != nil {
		return fmt.Errorf("reading queues: %w", err)
	}
	return p.render(r, "queues", queuesView{queues})
}
