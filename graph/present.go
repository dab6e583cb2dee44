// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/graph/schema"
	"ininjo/poa"
	"ininjo/poa/receipt"
)

// present turns an error into what the caller is told: a code of the closed
// list, its text in the caller's language, path and location. What has no code
// is INTERNAL, and whole in the log alone.
func (r *resolver) present(ctx context.Context, err error) *gqlerror.Error {
	shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	var query *gqlerror.Error
	if errors.As(err, &query) {
		shown.Path, shown.Locations = query.Path, query.Locations
		if code, protocol := protocolCode(query); protocol {
			return r.told(ctx, shown, code, r.queryText(ctx, code, query))
		}
	}
	code := poa.CodeOf(err)
	var faults poa.Faults
	if field := argument(shown.Path); errors.Is(err, invalidValue) && field != nil {
		faults = poa.Faults{{Code: poa.CodeInvalid, Field: field}}
	}
	switch {
	case len(faults) > 0 || errors.As(err, &faults):
		shown.Extensions = map[string]any{"errors": r.userErrors(ctx, faults)}
	case code == poa.CodeNotFound:
		code = poa.CodeBadUserInput // what is not there is the caller's input
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		code = poa.CodeUnavailable
	}
	r.logged(ctx, code, err, shown)
	return r.told(ctx, shown, code, r.text(ctx, code, nil))
}

// invalidValue is what scalars say of a value that they cannot read.
var invalidValue = &poa.Error{Code: poa.CodeBadUserInput}

// argument is the path of a value inside a root field's arguments, as faults
// name it, nil where the path leads to no value.
func argument(path ast.Path) []string {
	var field []string
	for i, step := range path {
		switch step := step.(type) {
		case ast.PathName:
			if i > 0 && (i > 1 || step != "input") {
				field = append(field, string(step))
			}
		case ast.PathIndex:
			field = append(field, strconv.Itoa(int(step)))
		}
	}
	return field
}

func (r *resolver) told(_ context.Context, shown *gqlerror.Error, code poa.Code, text string) *gqlerror.Error {
	if shown.Extensions == nil {
		shown.Extensions = map[string]any{}
	}
	shown.Extensions["code"], shown.Message = string(code), text
	return shown
}

// protocolCode is the code of a fault in the query itself, which the library
// found.
func protocolCode(err *gqlerror.Error) (poa.Code, bool) {
	switch err.Extensions["code"] {
	case errcode.ParseFailed, errcode.ValidationFailed:
		return poa.CodeBadUserInput, true
	case string(poa.CodeComplexity):
		return poa.CodeComplexity, true
	}
	return "", false
}

// queryText keeps the library's words about a query, bounded: they quote the
// query, which the caller wrote and holds no value of a variable.
func (r *resolver) queryText(ctx context.Context, code poa.Code, err *gqlerror.Error) string {
	if code != poa.CodeBadUserInput || len(err.Message) > 500 {
		return r.text(ctx, code, nil)
	}
	return err.Message
}

// logged writes what the caller is not told to the log.
func (r *resolver) logged(ctx context.Context, code poa.Code, err error, shown *gqlerror.Error) {
	var seen *recoveredError
	if code != poa.CodeInternal && code != poa.CodeUnavailable && code != poa.CodeSigningUnavailable || errors.As(err, &seen) {
		return
	}
	if errors.Is(err, receipt.ErrHeldOff) || errors.Is(err, receipt.ErrNoKey) {
		return // it was told once, and comes with every receipt
	}
	r.Log.LogAttrs(ctx, slog.LevelError, "graphql field failed", slog.String("code", string(code)), slog.String("path", shown.Path.String()), slog.Any("error", err))
}

// recoveredError stands for a panic that is in the log already.
type recoveredError struct{}

// Error says nothing of the panic.
func (*recoveredError) Error() string { return "recovered from a panic" }

// recovered keeps a panic's value and stack in the log.
func (r *resolver) recovered(ctx context.Context, value any) error {
	r.Log.LogAttrs(ctx, slog.LevelError, "graphql panicked", slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
	return &recoveredError{}
}

func (r *resolver) text(ctx context.Context, code poa.Code, args map[string]string) string {
	return r.Text(r.Language(ctx), string(code), args)
}

// userErrors are faults with their sentences.
func (r *resolver) userErrors(ctx context.Context, faults poa.Faults) []schema.UserError {
	return each(faults, func(f poa.Fault) schema.UserError {
		return schema.UserError{Code: f.Code, Field: f.Field, Message: r.text(ctx, f.Code, f.Args)}
	})
}

// correctable parts what the caller can put right, for the payload, from what
// ends the request. What a mutation did not find is a fault of the field that
// named it.
func (r *resolver) correctable(ctx context.Context, err error, named ...string) ([]schema.UserError, error) {
	var faults poa.Faults
	switch {
	case errors.As(err, &faults):
		return r.userErrors(ctx, faults), nil
	case errors.Is(err, poa.ErrNotFound) && len(named) > 0:
		return r.userErrors(ctx, poa.Faults{{Code: poa.CodeNotFound, Field: named}}), nil
	}
	return nil, err
}

// checkKey wants an idempotency key of the acts whose input poa does not see
// whole.
func checkKey(key string) error {
	fault := poa.Fault{Field: []string{"idempotencyKey"}}
	switch {
	case key == "":
		fault.Code = poa.CodeRequired
	case utf8.RuneCountInString(key) > 128:
		fault.Code, fault.Args = poa.CodeTooLong, map[string]string{"bound": "128"}
	case !printable(key):
		fault.Code = poa.CodeForbiddenCharacter
	default:
		return nil
	}
	return poa.Faults{fault}
}

func printable(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// each turns every item of a list into its view.
func each[T, V any](items []T, view func(T) V) []V {
	views := make([]V, len(items))
	for i, item := range items {
		views[i] = view(item)
	}
	return views
}

// optional is nil for the zero value.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// given is the zero value for nil.
func given[T any](value *T) T {
	var zero T
	if value == nil {
		return zero
	}
	return *value
}
