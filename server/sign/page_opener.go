// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// opener is a file that leads the browser to the page. Everybody on a machine can read the command lines of its
// processes, so the browser's opener is given this file's address, and the page's stands inside, for one person.
type opener struct{ folder string }

var openerPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="ja">
<head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url={{.}}"><title>ininjo sign</title></head>
<body><p><a href="{{.}}">署名の画面を開く / Open the signing page</a></p></body>
</html>
`))

// newOpener writes the file with mode 0600 into a folder of its own with mode 0700.
func newOpener(address string) (opener, error) {
	var page bytes.Buffer
	if err := openerPage.Execute(&page, address); err != nil {
		return opener{}, err
	}
	folder, err := os.MkdirTemp(openerHome(), "ininjo-sign-")
	if err != nil {
		return opener{}, err
	}
	o := opener{folder}
	if err := store(o.file(), page.Bytes(), false); err != nil {
		return opener{}, errors.Join(err, o.remove())
	}
	return o, nil
}

// openerHome is where the browser may read. Browsers of Linux that run in a box see no folder for temporary files and
// none whose name begins with a dot, but the home.
func openerHome() string {
	if home, err := os.UserHomeDir(); err == nil && runtime.GOOS == "linux" && isDir(home) {
		return home
	}
	return os.TempDir()
}

func (o opener) file() string { return filepath.Join(o.folder, "open.html") }

// remove takes the file away; nothing happens where it is gone.
func (o opener) remove() error {
	if o.folder == "" {
		return nil
	}
	return os.RemoveAll(o.folder)
}

// browse has the person's browser open the file.
func (o opener) browse(ctx context.Context) error {
	if o.folder == "" {
		return fs.ErrNotExist
	}
	path := filepath.ToSlash(o.file())
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	address := (&url.URL{Scheme: "file", Path: path}).String()
	ctx = context.WithoutCancel(ctx)
	command := exec.CommandContext(ctx, "xdg-open", address)
	switch runtime.GOOS {
	case "windows":
		command = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", address)
	case "darwin":
		command = exec.CommandContext(ctx, "open", address)
	}
	if err := command.Start(); err != nil {
		return err
	}
	go func() { _ = command.Wait() }() // some openers live as long as the browser
	return nil
}
