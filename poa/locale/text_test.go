// SPDX-License-Identifier: Apache-2.0

package locale_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/locale"
)

// kinds names the types of poa whose every constant has a text, with the
// beginning of its key.
var kinds = map[string]string{"Code": "", "State": "state.", "ValidityStatus": "status.", "ValidityReason": "reason.", "CheckKind": "check.",
	"CheckResult": "result.", "Role": "role.", "ActorKind": "actor.", "Qualification": "qualification.", "NoticeType": "notice.",
	"EnrollmentState": "enrollment.", "PartyKind": "party.", "PartyRole": "party.", "RegisterDocument": "register.", "DocumentKind": "published.",
	"FactKind": "fact.", "EndpointState": "endpoint.", "Envelope": "envelope.", "ResendKind": "resend.", "DeliveryState": "delivery.", "TokenScope": "scope.", "LinkPurpose": "purpose.",
	"RecordKind": "record.", "PeriodStart": "start.", "PeriodEnd": "end.", "RunKind": "run.", "RunState": "runstate.", "ItemOutcome": "outcome.", "SubjectKind": "subject.",
	"Permission": "permission.", "CaseKind": "case.", "ContactChannel": "channel.", "ContactDirection": "direction.", "FitnessItem": "fitness.",
	"ReviewedLog": "review.", "FindingState": "finding.",
	"TitleState": "title.", "TitleStanding": "look.", "TitleKey": "title-key.", "Freshness": "freshness.",
	"MemberRole": "member.", "FactorKind": "factor."}

func TestEveryConstantHasItsTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for kind, values := range constants(t) {
		prefix, wanted := kinds[kind]
		if !wanted {
			continue
		}
		seen[kind] = len(values)
		for _, value := range values {
			for _, language := range locale.Languages {
				if !locale.Has(language, prefix+value) {
					t.Errorf("%s has no text %s", language, prefix+value)
				}
			}
		}
	}
	for kind := range kinds {
		if seen[kind] == 0 {
			t.Errorf("poa has no constants of type %s", kind)
		}
	}
}

// constants reads the typed string constants of package poa out of its source:
// packages below poa never import it.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			literal, text := spec.Values[0].(*ast.BasicLit)
			if named && text && literal.Kind == token.STRING {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[kind.Name] = append(found[kind.Name], value)
			}
			return true
		})
	}
	return found
}

var place = regexp.MustCompile(`\{[a-z]+\}`)

func TestLanguagesHoldTheSame(t *testing.T) {
	t.Parallel()
	ja, en := locale.Keys("ja"), locale.Keys("en")
	slices.Sort(ja)
	slices.Sort(en)
	if diff := cmp.Diff(ja, en); diff != "" {
		t.Fatalf("keys of ja and en differ:\n%s", diff)
	}
	for _, key := range ja {
		a, b := place.FindAllString(locale.Text("ja", key, nil), -1), place.FindAllString(locale.Text("en", key, nil), -1)
		slices.Sort(a)
		slices.Sort(b)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("places of %s differ:\n%s", key, diff)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		name, language, key, want string
		args                      map[string]string
	}{
		{name: "label", language: "ja", key: "status.REVOKED", want: "失効（委任者の申出）"},
		{name: "place filled", language: "en", key: "TOO_LONG", args: map[string]string{"bound": "300"}, want: "This is too long. At most 300 characters."},
		{name: "regional English", language: "en-GB", key: "status.VALID", want: "Valid"},
		{name: "foreign language", language: "fr", key: "status.VALID", want: "有効"},
		{name: "no such key", language: "ja", key: "status.NOTHING", want: "status.NOTHING"},
		{name: "a value is not a template", language: "en", key: "TOO_LONG", args: map[string]string{"bound": "{bound}"}, want: "This is too long. At most {bound} characters."},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			if got := locale.Text(each.language, each.key, each.args); got != each.want {
				t.Errorf("got %q, want %q", got, each.want)
			}
		})
	}
}

// TestMyNumberSaysHowToGoOn: who typed another 12-digit number must not be stuck.
func TestMyNumberSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	for language, part := range map[string]string{"ja": "入力し直してください", "en": "send it again"} {
		if got := locale.Text(language, "MY_NUMBER_SUSPECTED", nil); !strings.Contains(got, part) {
			t.Errorf("%s: %q does not say how to go on", language, got)
		}
	}
}
