// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"ininjo/poa"
)

// translator is one language of the pages.
type translator struct {
	lang  string
	own   texts
	codes func(lang, key string, args map[string]string) string
}

func (t translator) text(key string, pairs ...any) string { return t.own.text(t.lang, key, pairs...) }

// label is the text of a value of a closed list, from poa/locale: "status" and
// VALID.
func (t translator) label(kind string, value any) string {
	key := fmt.Sprintf("%s.%v", kind, value)
	text := t.codes(t.lang, key, nil)
	if text == key {
		return missing + key + "⟧"
	}
	return text
}

func (t translator) code(code any) string { return t.codes(t.lang, fmt.Sprint(code), nil) }

func (t translator) fault(f poa.Fault) string {
	_, line := place(f)
	return t.faultAt(f, line)
}

// Line is one line of the summary of a form's faults.
type Line struct{ Href, Label, Text string }

// summary lists every fault of a form, with the way to its field.
func (t translator) summary(f *Form) []Line {
	var lines []Line
	for _, fault := range f.Faults {
		field, _ := place(fault)
		line := Line{Text: t.fault(fault)}
		if f.shows(field) {
			line.Href, line.Label = "#"+fieldID(f, field), t.scoped("field", f.Scope, field)
		}
		lines = append(lines, line)
	}
	return lines
}

func (t translator) faultAt(f poa.Fault, line int) string {
	text := t.codes(t.lang, string(f.Code), f.Args)
	if line > 0 && (f.Field[0] == "powers" || f.Field[0] == "limits") {
		return t.text("line", "n", line) + text
	}
	return text
}

// scoped looks a text up by form and field, then by field.
func (t translator) scoped(kind, scope, name string) string {
	if key := kind + "." + scope + "." + name; t.own.has(t.lang, key) {
		return t.text(key)
	}
	return t.text(kind + "." + name)
}

func (t translator) hasScoped(kind, scope, name string) bool {
	return t.own.has(t.lang, kind+"."+scope+"."+name) || t.own.has(t.lang, kind+"."+name)
}

// when shows an instant in Japan's time, with the UTC instant as title and, for
// whom a title is out of reach, as text that the setting in the foot shows.
func (t translator) when(at time.Time) template.HTML {
	if at.IsZero() {
		return "—"
	}
	layout := "2006年1月2日 15:04"
	if t.lang == "en" {
		layout = "2 Jan 2006, 15:04 JST"
	}
	utc := at.UTC().Format(time.RFC3339Nano)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s (UTC)">%s</time><span class="utc"> (%s UTC)</span>`, utc, utc, at.In(poa.JST).Format(layout), at.UTC().Format("2006-01-02 15:04:05"))) //nolint:gosec // formatted instants only
}

func (t translator) day(d poa.Date) string {
	if d.IsZero() {
		return "—"
	}
	layout := "2006年1月2日"
	if t.lang == "en" {
		layout = "2 Jan 2006"
	}
	return d.Begins().In(poa.JST).Format(layout)
}

func (t translator) term(from, through poa.Date) string {
	return t.text("term.range", "from", t.day(from), "through", t.day(through))
}

// age shows how long something waits, in its largest unit.
func (t translator) age(d time.Duration) string {
	switch {
	case d <= 0:
		return "—"
	case d < time.Minute:
		return t.text("age.seconds", "n", int(d.Seconds()))
	case d < time.Hour:
		return t.text("age.minutes", "n", int(d.Minutes()))
	case d >= 48*time.Hour:
		return t.text("desk.age.days", "n", int(d.Hours()/24))
	default:
		return t.text("age.hours", "n", int(d.Hours()))
	}
}

// paragraphs parts a published text at its empty lines.
func paragraphs(body string) [][]string {
	var all [][]string
	for part := range strings.SplitSeq(strings.ReplaceAll(body, "\r\n", "\n"), "\n\n") {
		if part = strings.Trim(part, "\n"); part != "" {
			all = append(all, strings.Split(part, "\n"))
		}
	}
	return all
}

func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("making a map: name %v is no text", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}
