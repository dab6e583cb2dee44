// SPDX-License-Identifier: Apache-2.0

package poa

// RetentionTx changes periods, holds, erasure and archives.
type RetentionTx interface{}

// RetentionReader reads periods, holds, erasure and archives.
type RetentionReader interface{}
