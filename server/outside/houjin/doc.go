// SPDX-License-Identifier: Apache-2.0

// Package houjin asks the Web-API of the National Tax Agency (国税庁法人番号システム
// Web-API, version 4) what it publishes of a corporate number: name, head office
// and whether the record was closed. It names no representative and no sole
// proprietor.
//
// It must never hold up or refuse a registration: every question ends within
// seconds, and whatever goes wrong is an error that reception is told of.
package houjin
