// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"ininjo/poa"
)

//go:embed views/*.html
var viewFiles embed.FS

// views are the templates, by language and name.
type views map[string]map[string]parsedView

// parsedView parses a view when it is shown for the first time: all of them,
// each with the layout, take tens of megabytes, which a process that answers
// programs alone never needs.
type parsedView func() (*template.Template, error)

// PageViews are the views of every page. They depend on the texts alone, so all
// portals of a process may share them.
type PageViews struct{ parsed views }

// ParseViews makes every view ready with the texts of codes and labels.
func ParseViews(text func(lang, key string, args map[string]string) string) (*PageViews, error) {
	parsed, err := parseViews(text)
	return &PageViews{parsed}, err
}

func parseViews(codes func(lang, key string, args map[string]string) string) (views, error) {
	own, err := loadTexts()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(viewFiles, "views/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing views: %w", err)
	}
	all := views{}
	for _, lang := range []string{"ja", "en"} {
		base, err := template.New("").Funcs(functions(translator{lang, own, codes})).ParseFS(viewFiles, "views/_*.html")
		if err != nil {
			return nil, fmt.Errorf("parsing layout: %w", err)
		}
		all[lang] = map[string]parsedView{}
		for _, file := range names {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if strings.HasPrefix(name, "_") {
				continue
			}
			all[lang][name] = sync.OnceValues(func() (*template.Template, error) { return parseView(base, name, file) })
		}
	}
	return all, nil
}

func parseView(base *template.Template, name, file string) (*template.Template, error) {
	layout, err := base.Clone()
	if err != nil {
		return nil, fmt.Errorf("cloning layout: %w", err)
	}
	parsed, err := layout.ParseFS(viewFiles, file)
	if err != nil {
		return nil, fmt.Errorf("parsing view %s: %w", name, err)
	}
	return parsed, nil
}

// names lists the views.
func (v views) names() []string { return slices.Sorted(maps.Keys(v["ja"])) }

func (v views) execute(w io.Writer, lang, name string, p *page) error {
	view, ok := v[lang][name]
	if !ok {
		return fmt.Errorf("view %s in %s is not there", name, lang)
	}
	t, err := view()
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "layout", p)
}

func functions(t translator) template.FuncMap {
	return template.FuncMap{
		"T": t.text, "label": t.label, "code": t.code, "fault": t.fault, "summary": t.summary, "when": t.when, "day": t.day, "term": t.term, "age": t.age,
		"field": t.field, "confirmation": t.confirmation, "choose": choose, "kinds": t.kinds, "qualifications": t.qualifications, "refusals": t.refusals, "notices": t.notices, "roles": t.roles, "standings": t.standings, "titleKeys": t.titleKeys, "memberRoles": t.memberRoles, "qr": qr, "checkRows": t.checkRows, "formats": t.formats, "hasEvidence": hasEvidence, "lang": func() string { return t.lang },
		"asset": asset, "dict": dict, "paragraphs": paragraphs, "hex": func(d [32]byte) string { return hex.EncodeToString(d[:]) },
		"zero": func(d [32]byte) bool { return d == [32]byte{} }, "join": strings.Join, "substituted": func(flags string) bool { return strings.Trim(flags, "0") != "" }, // one flag for each character of a name
		"universal": universal, "japan": japan, "overlaps": t.overlaps, "statuses": t.statuses, "envelopes": t.envelopes, "resendKinds": t.resendKinds, "mailed": t.mailed, "announcements": t.announcements, "audiences": t.audiences,
		"deref": func(b *bool) bool { return b != nil && *b },
		"enrollments": func() []poa.EnrollmentState {
			return []poa.EnrollmentState{poa.EnrollmentApplied, poa.EnrollmentActive, poa.EnrollmentRefused, poa.EnrollmentWithdrawn, poa.EnrollmentEnded}
		}, "lower": func(v any) string { return strings.ToLower(fmt.Sprint(v)) },
	}
}

func (t translator) announcements(f Field) Field {
	return labelled(f, t, "announcement", poa.AnnouncementKinds)
}

func (t translator) audiences(f Field) Field { return labelled(f, t, "audience", poa.Audiences) }

// kinds are the options of a party's kind.
func (t translator) kinds(f Field) Field {
	return labelled(f, t, "party", []poa.PartyKind{poa.Corporation, poa.SoleProprietor})
}

func (t translator) qualifications(f Field) Field {
	f.Options = []Option{{"", t.text("qualification.none")}}
	return labelled(f, t, "qualification", poa.Qualifications)
}

// formats are those of a draft: PDF first, since no tool but Acrobat is needed.
func (t translator) formats(f Field) Field {
	for _, format := range []poa.DocumentFormat{poa.FormatPDF, poa.FormatXML} {
		f.Options = append(f.Options, Option{string(format), t.text("format." + string(format))})
	}
	return f
}

func (t translator) notices(f Field) Field { return labelled(f, t, "notice", poa.NoticeTypes) }

func (t translator) roles(f Field) Field { return labelled(f, t, "role", poa.Roles) }

func labelled[V ~string](f Field, t translator, kind string, values []V) Field {
	for _, v := range values {
		f.Options = append(f.Options, Option{string(v), t.label(kind, v)})
	}
	return f
}

// refusals are the codes that reception may refuse with, each with its text.
func (t translator) refusals() []Option {
	var options []Option
	for _, c := range poa.RefusalCodes {
		options = append(options, Option{string(c), t.code(c)})
	}
	return options
}
