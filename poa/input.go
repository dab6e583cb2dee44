// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"errors"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"ininjo/poa/kanji"
)

// inputs checks the shape of inputs by their tags. Its own tags: line (one line
// without control characters), text (several lines), free (free text that must
// not hold a My Number), corporatenumber.
var inputs = newValidator()

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" { // a secret, kept out of the input's digest
			return strings.ToLower(f.Name)
		}
		return name
	})
	v.RegisterCustomTypeFunc(func(f reflect.Value) any { return f.Interface().(Date).String() }, Date{})
	register := func(tag string, ok func(string) bool) {
		if err := v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return ok(fl.Field().String()) }); err != nil {
			panic(err) // a tag misspelt by the programmer, found at the start
		}
	}
	register("line", func(s string) bool { return printable(s, "") && !blank(s) })
	register("text", func(s string) bool { return printable(s, "\n\r\t") && !blank(s) })
	register("free", func(s string) bool { return !kanji.IsMyNumberLike(s) })
	register("corporatenumber", ValidCorporateNumber)
	return v
}

// printable reports whether s is UTF-8 without control and non-characters, but
// for those allowed.
func printable(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		if strings.ContainsRune(allowed, r) {
			return false
		}
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError || r&0xFFFE == 0xFFFE ||
			unicode.Is(unicode.Bidi_Control, r)
	})
}

// blank reports whether s shows nothing though it is not empty: spaces and
// marks without width alone.
func blank(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) || unicode.IsControl(r) })
}

// checkInput returns every fault of the input's shape.
func checkInput(input any) Faults {
	err := inputs.Struct(input)
	var found validator.ValidationErrors
	if !errors.As(err, &found) {
		return nil
	}
	var faults Faults
	for _, e := range found {
		_, path, _ := strings.Cut(e.Namespace(), ".")
		faults = append(faults, Fault{Code: shapeCode(e), Field: fieldPath(path), Args: shapeArgs(e)})
	}
	return faults
}

func shapeCode(e validator.FieldError) Code {
	switch e.Tag() {
	case "required", "required_if", "required_without":
		return CodeRequired
	case "max":
		if e.Kind() == reflect.Slice {
			return CodeTooMany
		}
		return CodeTooLong
	case "line", "text":
		if s, ok := e.Value().(string); ok && blank(s) {
			return CodeRequired
		}
		return CodeForbiddenCharacter
	case "free":
		return CodeMyNumber
	case "corporatenumber":
		return CodeCorporateNumber
	case "min":
		if e.Field() == "password" {
			return CodePasswordWeak
		}
		return CodeRequired
	default:
		return CodeInvalid
	}
}

func shapeArgs(e validator.FieldError) map[string]string {
	if e.Tag() == "max" || e.Tag() == "min" {
		return map[string]string{"bound": e.Param()}
	}
	return nil
}

// fieldPath turns "powers[2]" into ["powers", "2"].
func fieldPath(path string) []string {
	path = strings.NewReplacer("[", ".", "]", "").Replace(path)
	return strings.Split(path, ".")
}

// ValidCorporateNumber reports whether s is a 法人番号: 13 digits of which the
// first checks the others (National Tax Agency's rule, modulus 9).
func ValidCorporateNumber(s string) bool {
	if len(s) != 13 {
		return false
	}
	sum := 0
	for i, r := range s {
		if r < '0' || r > '9' {
			return false
		}
		if i > 0 { // n-th digit from the right is at index 13-n; even n weigh 2
			sum += int(r-'0') * (1 + (i % 2))
		}
	}
	return int(s[0]-'0') == 9-sum%9
}
