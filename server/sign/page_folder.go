// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxFolders bounds the folders that a page lists.
const maxFolders = 500

// place is a folder that can be gone to.
type place struct{ Name, Path string }

// browseFolder lists the folders of a folder, or where to begin.
func (p *page) browseFolder(w http.ResponseWriter, r *http.Request) {
	v := view{Texts: p.texts(r), Title: "folder.title"}
	v.At = r.URL.Query().Get("at")
	if v.At == "" {
		v.Places = beginnings(v.Texts)
	} else if err := v.enter(v.At); err != nil {
		v.Fault = v.Problem(err)
		v.Places = beginnings(v.Texts)
		p.render(w, http.StatusUnprocessableEntity, "folder", v)
		return
	}
	p.render(w, http.StatusOK, "folder", v)
}

// enter reads the folder that is shown: its folders, and how many files it holds that may be signed.
func (v *view) enter(path string) error {
	path = filepath.Clean(path)
	if !filepath.IsAbs(path) {
		return wrong("missing", "name", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return wrong("reading", "name", path).because(err)
	}
	v.At = path
	if parent := filepath.Dir(path); parent != path {
		v.Up = parent
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case entry.IsDir() && !strings.HasPrefix(name, ".") && len(v.Places) < maxFolders:
			v.Places = append(v.Places, place{name, filepath.Join(path, name)})
		case entry.Type().IsRegular() && drafty(name):
			v.Files++
		}
	}
	return nil
}

// beginnings are the folders where files usually lie.
func beginnings(t Texts) []place {
	var all []place
	home, err := os.UserHomeDir()
	if err == nil {
		for _, name := range []string{"Downloads", "Documents", "Desktop", "ダウンロード", "ドキュメント", "デスクトップ"} {
			if path := filepath.Join(home, name); isDir(path) {
				all = append(all, place{name, path})
			}
		}
		all = append(all, place{t.T("folder.home"), home})
	}
	if runtime.GOOS != "windows" {
		return append(all, place{t.T("folder.root"), "/"})
	}
	for letter := 'A'; letter <= 'Z'; letter++ {
		if drive := string(letter) + `:\`; isDir(drive) {
			all = append(all, place{drive, drive})
		}
	}
	return all
}

// takeFolder puts every draft of a folder on the list; results will lie beside them.
func (p *page) takeFolder(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r)
	if err == nil && f.get("at") == "" {
		err = wrong("no-folder")
	}
	var tasks []*task
	if err == nil {
		tasks, err = gather(f.get("at"), p.command.way(), false)
	}
	if err == nil {
		err = p.add(tasks)
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.mu.Lock()
	p.folder = f.get("at")
	p.mu.Unlock()
	p.goTo(w, r, "/")
}
