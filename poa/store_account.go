// SPDX-License-Identifier: Apache-2.0

package poa

// AccountTx changes what a party manages itself: addresses, exports, history of its own.
type AccountTx interface{}

// AccountReader reads what a party manages itself: addresses, exports, history of its own.
type AccountReader interface{}
