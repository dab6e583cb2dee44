// SPDX-License-Identifier: Apache-2.0

package db

import "ininjo/poa"

// Temporary while the room is being built: lets the package compile. Methods
// written on reader, tx and DB take precedence. Removed when all are there.
type (
	unfinishedTx     struct{ unfinishedTx2 }
	unfinishedTx2    struct{ unfinishedTx3 }
	unfinishedTx3    struct{ poa.Tx }
	unfinishedStore  struct{ unfinishedStore2 }
	unfinishedStore2 struct{ unfinishedStore3 }
	unfinishedStore3 struct{ poa.Store }
)
