// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"ininjo/poa"
)

// exportTime bounds an export, which takes longer than a page.
const exportTime = 10 * time.Minute

// export answers with a file that is written as it is read. Once it has begun,
// a failure cuts it off: the file is then incomplete and so is the answer.
func (p *portal) export(r *request, name, mediaType string, write func(io.Writer) error) error {
	_ = http.NewResponseController(r.w).SetWriteDeadline(poa.SystemClock{}.Now().Add(exportTime)) // where it cannot be set, the server's own bound stands
	h := r.w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if err := write(r.w); err != nil {
		p.Log.ErrorContext(r.Context(), "export cut off", "file", name, "error", err)
		panic(http.ErrAbortHandler) // the reader must not take it for whole
	}
	return nil
}

// stamp is the day in Japan, for names of files.
func (p *portal) stamp() string { return p.Clock.Now().In(poa.JST).Format("20060102") }
