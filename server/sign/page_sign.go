// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"archive/zip"
	"bytes"
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// sign opens the key with the secret, once, and begins to sign what was picked.
func (p *page) sign(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	defer func() { wipe(f.secret) }()
	if err == nil {
		err = p.begin(ctx, f)
	}
	if isProblem(err, "running") {
		err = nil // a second click
	}
	if err == nil {
		p.goTo(w, r, "/results")
		return
	}
	v := p.homeView(r)
	v.Fault = v.Problem(err)
	if method := f.get("method"); method != "" {
		v.Method = method
	}
	clear(v.Picked)
	for _, id := range f.values["draft"] {
		v.Picked[id] = true
	}
	p.render(w, http.StatusUnprocessableEntity, "home", v)
}

// begin checks everything before the secret is used, and claims the run before the key is opened, so that two
// clicks never spend two tries.
func (p *page) begin(ctx context.Context, f form) error {
	p.keep(f)
	picked, err := p.claim(f.values["draft"])
	if err != nil {
		return err
	}
	k, err := p.key(f)
	if err != nil {
		p.release()
		return err
	}
	p.runs.Go(func() { p.run(ctx, picked, k) })
	return nil
}

// keep remembers the PKCS #12 file as it is, sealed, so that a wrong password does not cost its choice.
func (p *page) keep(f form) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if files := f.files["p12"]; len(files) > 0 && len(files[0].body) <= maxPKCS12 {
		p.p12Name, p.p12 = files[0].name, files[0].body
	}
}

func (p *page) claim(ids []string) ([]*task, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return nil, wrong("running")
	}
	var picked []*task
	for _, each := range p.tasks {
		for _, id := range ids {
			if each.ID == id && each.Outcome == outcomeWaiting {
				picked, each.picked = append(picked, each.task), true
			}
		}
	}
	if len(picked) == 0 {
		return nil, wrong("nothing-picked")
	}
	p.running = true
	return picked, nil
}

// key opens what the person chose.
func (p *page) key(f form) (*Key, error) {
	now := p.command.clock.Now()
	slot, isCard := strings.CutPrefix(f.get("method"), "card:")
	if !isCard {
		p.mu.Lock()
		name, file := p.p12Name, p.p12
		p.mu.Unlock()
		if file == nil {
			return nil, wrong("no-p12")
		}
		return openPKCS12(name, file, f.secret, now)
	}
	number, err := strconv.Atoi(slot)
	if err != nil || number < 0 {
		return nil, wrong("no-card")
	}
	path, err := findModule(p.command.Module)
	if err != nil {
		return nil, err
	}
	cards, err := listCards(path)
	if err != nil {
		return nil, err
	}
	card, err := pickCard(cards, number)
	if err != nil {
		return nil, err
	}
	if err := card.mayTry(f.get("lastTry") != ""); err != nil {
		return nil, err
	}
	return openCard(card, f.secret, p.command.KeyID, now)
}

// run signs on a copy of each task and puts the outcome back under the lock.
func (p *page) run(ctx context.Context, picked []*task, k *Key) {
	work := make([]*task, len(picked))
	places := map[*task]*task{}
	for i, t := range picked {
		copied := *t
		work[i] = &copied
		places[&copied] = t
	}
	signAll(ctx, work, k, p.command.way(), p.place, func(done *task) {
		p.idle.Reset(p.command.Idle)
		p.mu.Lock()
		defer p.mu.Unlock()
		*places[done] = *done
		p.tell()
	})
	_ = k.Close() // the signatures stand; a module that ends badly changes none
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = false
	p.tell()
}

// release gives the claim back after a key that did not open.
func (p *page) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = false
	for _, each := range p.tasks {
		each.picked = false
	}
}

// tell wakes who waits for a change; the lock is held.
func (p *page) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// place keeps an upload's result for its download, another one's beside its draft.
func (p *page) place(t *task, name string, file []byte) error {
	if t.Path != "" {
		return p.command.place(t, name, file)
	}
	t.Signed, t.Target = file, safeName(name)
	return nil
}

// results tells of each file as it is done: the page is written as long as the signing goes, and needs no script.
func (p *page) results(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	ids := make([]string, 0, len(p.tasks))
	for _, each := range p.tasks {
		ids = append(ids, each.ID)
	}
	p.mu.Unlock()
	v := view{Texts: p.texts(r), Title: "results.title", View: "results", Root: p.root(), Of: len(ids)}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	flush := http.NewResponseController(w)
	if err := views.ExecuteTemplate(w, "results-head", v); err != nil {
		return
	}
	for n, id := range ids {
		if err := flush.Flush(); err != nil {
			return
		}
		v.N = n + 1
		var ok bool
		if v.Row, ok = p.await(r.Context(), id, v.Texts); !ok || views.ExecuteTemplate(w, "results-row", v) != nil {
			return
		}
	}
	v.sum(p)
	_ = views.ExecuteTemplate(w, "results-foot", v)
}

// await waits until a task is done, or nothing is running.
func (p *page) await(ctx context.Context, id string, t Texts) (row, bool) {
	for {
		p.mu.Lock()
		changed, running := p.changed, p.running
		var found *row
		for _, each := range p.tasks {
			if each.ID == id && (each.Outcome != outcomeWaiting || !running || !each.picked) {
				shown := each.row(t)
				found = &shown
			}
		}
		p.mu.Unlock()
		if found != nil {
			return *found, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return row{}, false
		}
	}
}

func (v *view) sum(p *page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var tasks []*task
	for _, each := range p.tasks {
		tasks = append(tasks, each.task)
		if each.Signed != nil {
			v.Uploads++
		}
	}
	v.Folder, v.AllFine = p.folder, count(tasks, outcomeFailed) == 0
	v.Key = v.T("cli.summary", "signed", number(count(tasks, outcomeSigned)), "left", number(count(tasks, outcomeLeft)),
		"skipped", number(count(tasks, outcomeSkipped)), "failed", number(count(tasks, outcomeFailed)))
}

// download hands out one result of an upload.
func (p *page) download(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	var name string
	var file []byte
	for _, each := range p.tasks {
		if each.ID == r.PathValue("id") {
			name, file = each.Target, each.Signed
		}
	}
	p.mu.Unlock()
	if file == nil {
		p.absent(w, r)
		return
	}
	attach(w, name, file)
}

// downloadAll hands out the results of all uploads as one file.
func (p *page) downloadAll(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	archive := zip.NewWriter(&body)
	used := map[string]bool{} // in small letters: some systems tell no capitals apart
	now := p.command.clock.Now().In(japan)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, each := range p.tasks {
		if each.Signed == nil {
			continue
		}
		name := each.Target
		for n := 2; used[strings.ToLower(name)]; n++ {
			name = strconv.Itoa(n) + "-" + each.Target
		}
		used[strings.ToLower(name)] = true
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: now})
		if err == nil {
			_, err = entry.Write(each.Signed)
		}
		if err != nil {
			http.Error(w, "the results cannot be packed", http.StatusInternalServerError)
			return
		}
	}
	if len(used) == 0 || archive.Close() != nil {
		p.absent(w, r)
		return
	}
	attach(w, stampName(now), body.Bytes())
}

func attach(w http.ResponseWriter, name string, file []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_, _ = w.Write(file)
}
