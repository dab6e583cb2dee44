// SPDX-License-Identifier: Apache-2.0

package poatest

import "ininjo/poa"

// Fitness is a check of fitness that nothing is wrong with (operating rules
// 7.2.2, 11.1).
func Fitness() poa.FitnessInput {
	return poa.FitnessInput{Items: poa.FitnessItems, Declared: true, Note: "人事票と履歴書により確認した"}
}
