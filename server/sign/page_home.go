// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

//go:embed views/*.html
var viewFiles embed.FS

//go:embed static
var static embed.FS

var views = template.Must(template.New("").ParseFS(viewFiles, "views/*.html"))

// view is what a page shows.
type view struct {
	Texts
	Title, Key, Fault, View string
	// Root is the path of this run, before every address.
	Root string
	// Home: what can be signed, what cannot, and with what.
	Waiting, Others     []row
	Folder, P12, Method string
	Cards               []Card
	CardFault           string
	HasCards, LastTry   bool
	Picked              map[string]bool
	// Folders.
	At, Up string
	Places []place
	Files  int
	// Results.
	Row            row
	N, Of, Uploads int
	AllFine        bool
}

// row is a task as a page shows it: a copy, taken under the lock.
type row struct {
	ID, Name, Format, SHA256, Outcome, Reason, Target, Text, From, To string
	Items                                                             []Item
	Download, Open                                                    bool
}

// Other is the other language.
func (v view) Other() string {
	if v.Texts == "ja" {
		return "en"
	}
	return "ja"
}

// render writes a page whole.
func (p *page) render(w http.ResponseWriter, status int, name string, v view) {
	v.View, v.Root = name, p.root()
	var body bytes.Buffer
	if err := views.ExecuteTemplate(&body, name, v); err != nil {
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// home shows the list and the form.
func (p *page) home(w http.ResponseWriter, r *http.Request) {
	if p.isRunning() {
		p.goTo(w, r, "/results")
		return
	}
	p.render(w, http.StatusOK, "home", p.homeView(r))
}

// absent says that there is no such page, or no such file any more, and leads back.
func (p *page) absent(w http.ResponseWriter, r *http.Request) {
	p.render(w, http.StatusNotFound, "absent", view{Texts: p.texts(r), Title: "absent.title"})
}

func (p *page) isRunning() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

func (p *page) homeView(r *http.Request) view {
	v := view{Texts: p.texts(r), Title: "home.title", HasCards: hasPKCS11, Picked: map[string]bool{}}
	p.mu.Lock()
	v.Folder, v.P12 = p.folder, p.p12Name
	for _, each := range p.tasks {
		shown := each.row(v.Texts)
		if each.Outcome == outcomeWaiting {
			v.Waiting = append(v.Waiting, shown)
			v.Picked[each.ID] = true
		} else {
			v.Others = append(v.Others, shown)
		}
	}
	p.mu.Unlock()
	for i := range v.Waiting {
		v.Waiting[i].Open = len(v.Waiting) <= 5
	}
	if len(v.Waiting) > 0 && hasPKCS11 {
		v.lookForCards(p.command.Module)
	}
	v.Method = "p12"
	if card, err := pickCard(v.Cards, -1); err == nil {
		v.Method = fmt.Sprint("card:", card.Slot)
	}
	return v
}

func (v *view) lookForCards(module string) {
	path, err := findModule(module)
	if err == nil {
		v.Cards, err = listCards(path)
	}
	if err == nil && len(v.Cards) == 0 {
		err = wrong("no-card")
	}
	if err != nil {
		v.CardFault = v.Problem(err)
	}
	for _, card := range v.Cards {
		v.LastTry = v.LastTry || card.Tries.Last
	}
}

func (l *listed) row(t Texts) row {
	r := row{ID: l.ID, Name: l.Name, Outcome: l.Outcome, Target: l.Target, Download: l.Signed != nil}
	if l.Err != nil {
		r.Reason = t.Problem(l.Err)
	}
	if l.Format != nil {
		r.Items, r.To = l.Items(t), l.Content.Delegate.Name
		r.From = l.Content.Mandator.Name + l.Content.Mandator.PersonName
	}
	if l.Format != nil || l.Text != "" {
		r.Format, r.SHA256, r.Text = t.T("format."+l.kind()), l.SHA256(), l.Text
	}
	return r
}

// refuse shows the list again with what is wrong.
func (p *page) refuse(w http.ResponseWriter, r *http.Request, err error) {
	v := p.homeView(r)
	v.Fault = v.Problem(err)
	p.render(w, http.StatusUnprocessableEntity, "home", v)
}

// addFiles puts uploads on the list; their results are downloaded.
func (p *page) addFiles(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil && len(f.files["files"]) == 0 {
		err = wrong("no-files")
	}
	var tasks []*task
	for _, file := range f.files["files"] {
		d, err := readDraft(file.name, file.body)
		t := &task{Draft: d, Outcome: outcomeWaiting, Err: err}
		if err != nil {
			t.Outcome = outcomeFailed
		}
		tasks = append(tasks, t)
	}
	if err == nil {
		err = p.add(tasks)
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.goTo(w, r, "/")
}

// add puts tasks on the list, each once: the same bytes from the same place are one task.
func (p *page) add(tasks []*task) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return wrong("running")
	}
	for _, t := range tasks {
		known := false
		for _, old := range p.tasks {
			known = known || old.Path == t.Path && old.Name == t.Name && bytes.Equal(old.Bytes, t.Bytes)
		}
		if known {
			continue
		}
		if len(p.tasks) == maxBatch {
			return wrong("too-many", "name", "")
		}
		p.tasks = append(p.tasks, &listed{task: t, ID: draw()[:16]})
	}
	return nil
}

// clear empties the list.
func (p *page) clear(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if !p.running {
		p.tasks, p.folder = nil, ""
	}
	p.mu.Unlock()
	p.goTo(w, r, "/")
}

// stampName is the name of the file that holds all results.
func stampName(at time.Time) string {
	return "signed-" + at.In(japan).Format("20060102-150405") + ".zip"
}

// safeName keeps what a file's name may hold on every system.
func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) || r == '\n' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, filepath.Base(name))
}
