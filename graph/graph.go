// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Config is what the room is given: the chapters of poa and how a request is
// read. Every field but Bell, Wait, Documents and Limits is needed.
type Config struct {
	Enrollment *poa.Enrollment
	Registrar  *poa.Registrar
	Responder  *poa.Responder
	Notifier   *poa.Notifier
	Records    *poa.Records
	// Bell wakes who waits for notices; nil leaves no subscription.
	Bell *poa.Bell
	// Addresses tells where webhooks may be sent to.
	Addresses poa.AddressChecker
	// Actor finds who asks and what the token may do: UNAUTHENTICATED where a
	// credential was brought that does not hold, anonymous where none was.
	Actor func(context.Context) (poa.Actor, poa.TokenScope, error)
	// Credential is what the request brought, unchecked: the validity read
	// checks it.
	Credential func(context.Context) poa.Credential
	// Text returns the text of a code in a language.
	Text func(language, code string, args map[string]string) string
	// Language returns the request's language.
	Language func(context.Context) string
	Log      *slog.Logger
	// Wait says for how long a request comes too early; nil lets all come.
	Wait func(*http.Request) time.Duration
	// Documents are the trusted ones; nil knows none.
	Documents *Documents
	// Limits of zero are the defaults.
	Limits Limits
}

// SDL returns the schema as it is written.
func SDL() string { return schema.SDL() }

// resolver answers fields: it binds, calls one rule of poa and renders.
type resolver struct{ Config }

// Of parsed queries so many are kept, each of a text of at most so many bytes:
// who writes IDs into queries must not fill the memory.
const (
	cached    = 256
	cacheable = 2 << 10
)

// queryCache keeps parsed queries of short texts, and the trusted documents.
type queryCache struct {
	graphql.Cache[*ast.QueryDocument]
	trusted *Documents
}

// Add keeps a query if its text is short.
func (c queryCache) Add(ctx context.Context, text string, query *ast.QueryDocument) {
	if len(text) <= cacheable {
		c.Cache.Add(ctx, text, query)
	}
}

// New returns the handler of GraphQL over HTTP.
func New(config Config) *Handler {
	config.Limits = config.Limits.orDefaults()
	r := &resolver{config}
	exec := executor.New(schema.NewExecutableSchema(schema.Config{Resolvers: r, Complexity: complexities()}))
	exec.SetQueryCache(queryCache{lru.New[*ast.QueryDocument](cached), config.Documents})
	exec.SetParserTokenLimit(config.Limits.Tokens)
	exec.SetDisableSuggestion(true)
	exec.SetErrorPresenter(r.present)
	exec.SetRecoverFunc(r.recovered)
	exec.Use(extension.Introspection{})
	exec.Use(bounds{config.Limits})
	exec.Use(extension.FixedComplexityLimit(config.Limits.Complexity))
	return &Handler{exec: exec, limits: config.Limits, resolver: r, documents: config.Documents,
		room: newRoom(max(config.Limits.Bodies, config.Limits.Body)), lane: newLane()}
}

var _ graphql.HandlerExtension = bounds{}

// Mutation returns the resolvers of changes.
func (r *resolver) Mutation() schema.MutationResolver { return &mutationResolver{r} }

// Subscription returns the resolver of what is told as it comes.
func (r *resolver) Subscription() schema.SubscriptionResolver { return &subscriptionResolver{r} }

// Query returns the resolvers of what is read.
func (r *resolver) Query() schema.QueryResolver { return &queryResolver{r} }

// Delegation returns the resolvers of what stands beside a delegation's row.
func (r *resolver) Delegation() schema.DelegationResolver { return &delegationResolver{r} }

// Delegator returns the resolvers of what stands beside a delegator's row.
func (r *resolver) Delegator() schema.DelegatorResolver { return &delegatorResolver{r} }

// Recipient returns the resolvers of what stands beside a recipient's row.
func (r *resolver) Recipient() schema.RecipientResolver { return &recipientResolver{r} }

// Validity returns the resolver that signs receipts.
func (r *resolver) Validity() schema.ValidityResolver { return &validityResolver{r} }

// Viewer returns the resolvers of what is the caller's own.
func (r *resolver) Viewer() schema.ViewerResolver { return &viewerResolver{r} }

// WebhookEndpoint returns the resolver of an endpoint's deliveries.
func (r *resolver) WebhookEndpoint() schema.WebhookEndpointResolver { return &endpointResolver{r} }

type (
	queryResolver        struct{ *resolver }
	subscriptionResolver struct{ *resolver }
	mutationResolver     struct{ *resolver }
	delegationResolver   struct{ *resolver }
	delegatorResolver    struct{ *resolver }
	recipientResolver    struct{ *resolver }
	validityResolver     struct{ *resolver }
	viewerResolver       struct{ *resolver }
	endpointResolver     struct{ *resolver }
)
