// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "time"

// loosenTimers and timerSlack are for Linux.
func loosenTimers() {}

func timerSlack() time.Duration { return 0 }
