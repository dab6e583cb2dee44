// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"ininjo/poa"
)

//go:embed mail/*
var mailFiles embed.FS

// mailTemplates lists every kind of mail that has files; a test holds that each
// of poa's kinds does.
func mailTemplates() []poa.MailTemplate {
	names, _ := fs.Glob(mailFiles, "mail/*.ja.txt") // the pattern is well-formed
	var kinds []poa.MailTemplate
	for _, name := range names {
		if kind := strings.TrimSuffix(path.Base(name), ".ja.txt"); kind != "frame" {
			kinds = append(kinds, poa.MailTemplate(kind))
		}
	}
	return kinds
}

var mailLanguages = []string{"ja", "en"}

// strict lets a message fail that lacks a value, rather than go out without its
// link.
const strict = "missingkey=error"

// letter is a kind of mail in one language.
type letter struct {
	subject *template.Template
	text    *template.Template
	html    *htmltemplate.Template
}

// letters writes mail out of templates.
type letters struct {
	policy poa.Policy
	all    map[string]letter
}

// page is what a template sees.
type page struct {
	Service string
	URL     string
	// Contact and Hours end every message (1.3).
	Contact string
	Hours   string
	Values  map[string]string
}

func newLetters(policy poa.Policy) (*letters, error) {
	l := &letters{policy: policy, all: map[string]letter{}}
	for _, language := range mailLanguages {
		functions, err := labelled(language)
		if err != nil {
			return nil, err
		}
		for _, kind := range mailTemplates() {
			if l.all[string(kind)+"."+language], err = parseLetter(string(kind), language, functions); err != nil {
				return nil, fmt.Errorf("parsing mail %s in %s: %w", kind, language, err)
			}
		}
	}
	return l, nil
}

// parseLetter reads a kind's files: the text's first line is the subject.
func parseLetter(kind, language string, functions template.FuncMap) (letter, error) {
	read := func(name string) string {
		content, err := mailFiles.ReadFile("mail/" + name)
		if err != nil {
			return "{{" // which does not parse: the error below names the file
		}
		return string(content)
	}
	subject, text, _ := strings.Cut(read(kind+"."+language+".txt"), "\n")
	var l letter
	var errs [5]error
	l.subject, errs[0] = template.New("subject").Option(strict).Funcs(functions).Parse(subject)
	l.text, errs[1] = template.New("frame.txt").Option(strict).Funcs(functions).Parse(read("frame." + language + ".txt"))
	if errs[1] == nil {
		_, errs[2] = l.text.New("content").Parse(strings.TrimSpace(text))
	}
	l.html, errs[3] = htmltemplate.New("frame.html").Option(strict).Funcs(htmltemplate.FuncMap(functions)).Parse(read("frame." + language + ".html"))
	if errs[3] == nil {
		_, errs[4] = l.html.New("content").Parse(read(kind + "." + language + ".html"))
	}
	return l, errors.Join(errs[:]...)
}

// labelled returns the functions of templates: labels of types and statuses,
// instants in Japan's time, and the lines of a text.
func labelled(language string) (template.FuncMap, error) {
	content, err := mailFiles.ReadFile("mail/labels." + language + ".json")
	if err != nil {
		return nil, fmt.Errorf("reading labels: %w", err)
	}
	labels := map[string]string{}
	if err := json.Unmarshal(content, &labels); err != nil {
		return nil, fmt.Errorf("reading labels: %w", err)
	}
	layout := "2 January 2006, 15:04 JST"
	if language == "ja" {
		layout = "2006年1月2日 15時04分（日本時間）"
	}
	return template.FuncMap{
		"lines": func(text string) []string { return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") },
		"label": func(key string) string {
			if text, ok := labels[key]; ok {
				return text
			}
			return key
		},
		"instant": func(text string) (string, error) {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return "", errors.New("an instant is malformed")
			}
			return at.In(poa.JST).Format(layout), nil
		},
	}, nil
}

// write renders a message in its language, Japanese where there is none. The
// error names the template and never a value.
func (l *letters) write(m poa.Mail) (Message, error) {
	language := m.Language
	found, ok := l.all[string(m.Template)+"."+language]
	if !ok {
		language = "ja"
		if found, ok = l.all[string(m.Template)+"."+language]; !ok {
			return Message{}, fmt.Errorf("writing mail: no template %s", m.Template)
		}
	}
	data := page{Service: l.policy.ServiceName, URL: l.policy.PublicURL, Contact: l.policy.ContactPoint, Hours: l.policy.ContactHours, Values: m.Values}
	var subject, text, html strings.Builder
	err := errors.Join(found.subject.Execute(&subject, data), found.text.Execute(&text, data), found.html.Execute(&html, data))
	if err != nil {
		return Message{}, fmt.Errorf("writing mail %s: a value is missing or malformed", m.Template)
	}
	return Message{ID: m.ID, To: m.To, Language: language, Subject: strings.TrimSpace(subject.String()), Text: text.String(), HTML: html.String(), CreatedAt: m.CreatedAt,
		Unsubscribe: m.Values["unsubscribe"]}, nil
}
