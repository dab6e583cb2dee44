// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"ininjo/portal"
)

var (
	inlineScript = regexp.MustCompile(`<script[^>]*>[^<]|\son[a-z]+=|\sstyle=|<style|javascript:`)
	idAttribute  = regexp.MustCompile(`\sid="([^"]+)"`)
	labelled     = regexp.MustCompile(`aria-(?:describedby|labelledby)="([^"]+)"`)
)

// TestEveryViewInBothLanguages renders every view with samples of its states:
// no text is missing, nothing is inline, every ID stands once and what is
// pointed at is there.
func TestEveryViewInBothLanguages(t *testing.T) {
	t.Parallel()
	rendered := map[string]bool{}
	for _, lang := range []string{"ja", "en"} {
		for _, each := range portal.Samples() {
			rendered[each.View] = true
			html, err := portal.Render(lang, each)
			if err != nil {
				t.Errorf("%s in %s: %v", each.Name, lang, err)
				continue
			}
			for _, fault := range faultsOfPage(html) {
				t.Errorf("%s in %s: %s", each.Name, lang, fault)
			}
		}
	}
	names, err := portal.Views()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !rendered[name] {
			t.Errorf("view %s has no sample", name)
		}
	}
}

func faultsOfPage(html string) []string {
	var faults []string
	if at := strings.Index(html, "⟦"); at >= 0 {
		faults = append(faults, "a text is missing: "+html[at:min(at+60, len(html))])
	}
	if strings.Contains(html, "ZgotmplZ") {
		faults = append(faults, "html/template refused a value")
	}
	if found := inlineScript.FindString(html); found != "" {
		faults = append(faults, fmt.Sprintf("inline script or style: %q", found))
	}
	if n := strings.Count(html, "<h1"); n != 1 {
		faults = append(faults, fmt.Sprintf("%d main headings", n))
	}
	if n := strings.Count(html, " autofocus"); n > 1 {
		faults = append(faults, fmt.Sprintf("%d elements want the focus", n))
	}
	seen := map[string]bool{}
	for _, match := range idAttribute.FindAllStringSubmatch(html, -1) {
		if seen[match[1]] {
			faults = append(faults, "ID twice: "+match[1])
		}
		seen[match[1]] = true
	}
	for _, match := range labelled.FindAllStringSubmatch(html, -1) {
		for id := range strings.FieldsSeq(match[1]) {
			if !seen[id] {
				faults = append(faults, "points at nothing: "+id)
			}
		}
	}
	return faults
}

// TestFaultsStandAtTheirFields shows a refused form with what was typed.
func TestFaultsStandAtTheirFields(t *testing.T) {
	t.Parallel()
	for _, each := range portal.Samples() {
		for _, form := range each.Forms {
			html, err := portal.Render("ja", each)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(html, "エラー：") || !strings.Contains(html, `role="alert"`) {
				t.Errorf("%s does not say that something is wrong", each.Name)
			}
			if !strings.Contains(html, " autofocus") {
				t.Errorf("%s puts the focus nowhere", each.Name)
			}
			if form.First() != "" && !strings.Contains(html, `-error`) {
				t.Errorf("%s shows no fault at its field", each.Name)
			}
		}
	}
}

func TestLanguagesHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	ja, err := portal.Keys("ja")
	if err != nil {
		t.Fatal(err)
	}
	en, err := portal.Keys("en")
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`\{[a-z]+\}`)
	for key, text := range ja {
		other, ok := en[key]
		if !ok {
			t.Errorf("%s is in Japanese only", key)
		}
		for _, name := range place.FindAllString(text, -1) {
			if !strings.Contains(other, name) {
				t.Errorf("%s: %s is in Japanese only", key, name)
			}
		}
	}
	for key := range en {
		if _, ok := ja[key]; !ok {
			t.Errorf("%s is in English only", key)
		}
	}
}
