// SPDX-License-Identifier: Apache-2.0

package poa

// TitleTx changes professional bodies and the checks of titles.
type TitleTx interface{}

// TitleReader reads professional bodies and the checks of titles.
type TitleReader interface{}
