// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// answer asks by the plan and writes the whole body of the answer into the
// buffer. Faults of receipts stand beside the data.
func (r *resolver) answer(ctx context.Context, p *plan, a *access, questions []poa.Question, into []byte) ([]byte, gqlerror.List) {
	answers, err := r.askSafely(ctx, a, questions)
	if err != nil {
		return into, gqlerror.List{r.failedField(p.at(ctx), err)}
	}
	w := planWriter{ctx: ctx, plan: p, resolver: r, out: append(into, p.opening...)}
	if p.many {
		w.out = append(w.out, '[')
	}
	for i := range answers {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.answer(&answers[i])
	}
	if p.many {
		w.out = append(w.out, ']')
	}
	return append(w.out, "}}"...), w.faults
}

// at is where the executor would stand in the root field.
func (p *plan) at(ctx context.Context) context.Context {
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: p.root, IsMethod: true, IsResolver: true})
}

// failedField is what the executor makes of a field's error.
func (r *resolver) failedField(ctx context.Context, err error) *gqlerror.Error {
	return r.present(ctx, graphql.ErrorOnPath(ctx, graphql.AddFieldLocationToError(ctx, err)))
}

// askSafely keeps a panic from whoever waits, as the executor does.
func (r *resolver) askSafely(ctx context.Context, a *access, questions []poa.Question) (answers []poa.Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = r.recovered(ctx, v)
		}
	}()
	return r.answers(ctx, a, questions...)
}

// answer writes one answer.
func (w *planWriter) answer(a *poa.Answer) {
	shown := newValidity(a)
	w.validity(w.plan.selection, &shown)
}

// planWriter writes answers as the executor and encoding/json do.
type planWriter struct {
	ctx      context.Context //nolint:containedctx // of one answer
	plan     *plan
	resolver *resolver
	out      []byte
	faults   gqlerror.List
}

func (w *planWriter) validity(fields []planField, v *schema.Validity) {
	separator := byte('{')
	for i := range fields {
		f := &fields[i]
		w.out = append(append(w.out, separator), f.key...)
		separator = ','
		w.field(f, v)
	}
	w.out = append(w.out, '}')
}

func (w *planWriter) field(f *planField, v *schema.Validity) {
	switch f.name {
	case "__typename":
		w.text(f.typeName)
	case "delegationId":
		w.text(v.DelegationID)
	case "status":
		w.text(string(v.Status))
	case "reason":
		w.optional(string(v.Reason))
	case "asOf":
		w.instant(v.AsOf)
	case "knownAt":
		w.instant(v.KnownAt)
	case "answeredAt":
		w.instant(v.AnsweredAt)
	case "inquiryId":
		w.text(v.InquiryID)
	case "documentMatches":
		w.truth(v.DocumentMatches)
	case "delegateMatches":
		w.truth(v.DelegateMatches)
	case "validFrom":
		w.optional(v.ValidFrom.String())
	case "validThrough":
		w.optional(v.ValidThrough.String())
	case "version":
		w.number(v.Version)
	case "signatureVerifiedAt":
		w.instant(v.SignatureVerifiedAt)
	case "qualification":
		w.qualification(f.inner, v.Qualification)
	case "receipt":
		w.receipt(f, v)
	}
}

func (w *planWriter) qualification(fields []planField, q *schema.QualificationStanding) {
	if q == nil {
		w.null()
		return
	}
	separator := byte('{')
	for i := range fields {
		f := &fields[i]
		w.out = append(append(w.out, separator), f.key...)
		separator = ','
		switch f.name {
		case "__typename":
			w.text(f.typeName)
		case "qualification":
			w.optional(string(q.Qualification))
		case "standing":
			w.text(string(q.Standing))
		case "verifiedAt":
			w.instant(given(q.VerifiedAt))
		}
	}
	w.out = append(w.out, '}')
}

// receipt is null beside its error where it cannot be signed.
func (w *planWriter) receipt(f *planField, v *schema.Validity) {
	signed, err := w.resolver.signSafely(w.ctx, append(w.out, '"'), v)
	if err == nil {
		w.out = append(signed, '"') // base64url and dots: nothing that is escaped
		return
	}
	ctx := graphql.WithFieldContext(w.plan.at(w.ctx), &graphql.FieldContext{Object: "Validity", Field: f.field, IsMethod: true, IsResolver: true})
	w.faults = append(w.faults, w.resolver.failedField(ctx, err))
	w.null()
}

func (r *resolver) signSafely(ctx context.Context, into []byte, v *schema.Validity) (signed []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = r.recovered(ctx, v)
		}
	}()
	return r.Responder.AppendReceipt(ctx, into, v.Answer)
}

func (w *planWriter) null() { w.out = append(w.out, "null"...) }

func (w *planWriter) truth(b *bool) {
	if b == nil {
		w.null()
		return
	}
	w.out = strconv.AppendBool(w.out, *b)
}

func (w *planWriter) number(n *int) {
	if n == nil {
		w.null()
		return
	}
	w.out = strconv.AppendInt(w.out, int64(*n), 10)
}

func (w *planWriter) instant(t time.Time) {
	if t.IsZero() {
		w.null()
		return
	}
	w.out = append(w.out, '"')
	w.out = t.UTC().AppendFormat(w.out, schema.DateTimeLayout)
	w.out = append(w.out, '"')
}

func (w *planWriter) optional(text string) {
	if text == "" {
		w.null()
		return
	}
	w.text(text)
}

// text writes what needs no escapes as it is, and the rest as the executor does.
func (w *planWriter) text(text string) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			w.escaped(text)
			return
		}
	}
	w.out = append(append(append(w.out, '"'), text...), '"')
}

func (w *planWriter) escaped(text string) {
	var b bytes.Buffer
	graphql.MarshalString(text).MarshalGQL(&b)
	encoded, err := json.Marshal(json.RawMessage(b.Bytes()))
	if err != nil { // no text that JSON can hold comes here
		encoded = []byte("null")
	}
	w.out = append(w.out, encoded...)
}
