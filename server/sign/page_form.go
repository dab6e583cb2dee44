// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

// maxForm bounds one post, files and all.
const maxForm = 64 << 20

// form is what was posted. The secret is kept apart, as bytes that can be wiped, and nothing touches the disk.
type form struct {
	values map[string][]string
	files  map[string][]upload
	secret []byte
}

type upload struct {
	name string
	body []byte
}

func (f form) get(name string) string {
	if all := f.values[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// readForm reads a multipart form within its bounds.
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	f := form{values: map[string][]string{}, files: map[string][]upload{}}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	reader, err := r.MultipartReader()
	if err != nil {
		return f, wrong("form").because(err)
	}
	for n := 0; n < 2*maxBatch; n++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil {
			err = f.take(part)
		}
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return f, wrong("form-large")
		}
		if err != nil {
			return f, wrong("form").because(err)
		}
	}
	return f, wrong("form-large")
}

func (f *form) take(part *multipart.Part) error {
	body, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	switch name := part.FormName(); {
	case name == "secret":
		f.secret = body
	case part.FileName() != "":
		f.files[name] = append(f.files[name], upload{part.FileName(), body}) // FileName is without folders
	case len(body) > 0 && len(body) <= 4096:
		f.values[name] = append(f.values[name], string(body))
	}
	return nil
}
