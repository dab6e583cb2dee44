// SPDX-License-Identifier: Apache-2.0

// Package main is the roof of the house: configuration, wiring, HTTP
// middleware, sign-in and the subcommands of ininjo. It imports every room and
// is imported by none; it holds no rule of the domain.
package main
