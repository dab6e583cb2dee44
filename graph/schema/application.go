// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"github.com/99designs/gqlgen/graphql"

	"ininjo/poa"
)

// MarshalStatedField writes what a party states, and null for none.
func MarshalStatedField(f poa.StatedField) graphql.Marshaler { return nullable(string(f)) }

// UnmarshalStatedField reads what a party states.
func UnmarshalStatedField(v any) (poa.StatedField, error) { return word[poa.StatedField](v) }
