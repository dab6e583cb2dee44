// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/server/outside/signers"
)

// signingConfig is what of the settings concerns the keys that sign.
type signingConfig struct {
	// ReceiptKeys, HeartbeatKeys and StatusListKeys say where the keys are kept. Of several, and of
	// several keys in one place, the one whose published period began last signs.
	ReceiptKeys    []string `name:"receipt-key" sep:"none" env:"ININJO_RECEIPT_KEY" help:"Where a key of receipts (P-256) is kept: file:PATH, pkcs11:token=…;object=…?module-path=…&pin-source=file:… (a build with -tags pkcs11), or vault:https://HOST/MOUNT/KEY (HashiCorp Vault or OpenBao, Transit engine); repeated while one place follows another. Default: file:receipt.pem in --keys."`
	HeartbeatKeys  []string `name:"heartbeat-key" sep:"none" env:"ININJO_HEARTBEAT_KEY" help:"Likewise where a key of heartbeats is kept. Default: file:heartbeat.pem in --keys."`
	StatusListKeys []string `name:"status-list-key" sep:"none" env:"ININJO_STATUS_LIST_KEY" help:"Likewise where a key of status lists is kept. Default: file:statuslist.pem in --keys."`
	// KeyLead and KeyOverlap say how a new key follows another.
	KeyLead    time.Duration `default:"24h" env:"ININJO_KEY_LEAD" help:"For how long a new key is published before it signs: longer than others keep /.well-known/jwks.json, 0 to 720h."`
	KeyOverlap time.Duration `default:"24h" env:"ININJO_KEY_OVERLAP" help:"For how long the former key may sign after a new one began, for processes that do not hold the new one yet, 0 to 720h."`
	// SigningTimeout and SigningParallel bound what is asked of a token or a KMS.
	SigningTimeout  time.Duration `default:"2s" env:"ININJO_SIGNING_TIMEOUT" help:"How long a token or a KMS may take for a signature, 10ms to 30s. An answer then comes without its receipt (SIGNING_UNAVAILABLE)."`
	SigningParallel int           `default:"8" env:"ININJO_SIGNING_PARALLEL" help:"How many signatures are asked for at once of one token or KMS, 1 to 256."`
	VaultTokenFile  string        `env:"ININJO_VAULT_TOKEN_FILE" help:"File with the token at the KMS of vault:…; read for each request, so that an agent may renew it." type:"path"`
	VaultNamespace  string        `env:"ININJO_VAULT_NAMESPACE" help:"Namespace at the KMS of vault:…, if there is one."`
	VaultCAFile     string        `name:"vault-ca-file" env:"ININJO_VAULT_CA_FILE" help:"Certificates of the authority of the KMS of vault:…, PEM. Default: the system's." type:"path"`
}

// maxRotation bounds --key-lead and --key-overlap.
const maxRotation = 30 * day

// check refuses what cannot be meant.
func (c signingConfig) check() error {
	switch {
	case c.KeyLead < 0 || c.KeyLead > maxRotation || c.KeyOverlap < 0 || c.KeyOverlap > maxRotation:
		return errors.New("--key-lead and --key-overlap are 0 to 720h")
	case c.SigningTimeout != 0 && (c.SigningTimeout < 10*time.Millisecond || c.SigningTimeout > 30*time.Second):
		return errors.New("--signing-timeout is 10ms to 30s")
	case c.SigningParallel < 0 || c.SigningParallel > 256:
		return errors.New("--signing-parallel is 1 to 256")
	}
	for _, text := range slices.Concat(c.ReceiptKeys, c.HeartbeatKeys, c.StatusListKeys) {
		source, err := c.keySource(text, "")
		if err != nil {
			return err
		}
		if err := source.Close(); err != nil {
			return fmt.Errorf("reading the place of a key: %w", err)
		}
	}
	return nil
}

func (c signingConfig) rotation() db.Rotation {
	return db.Rotation{Lead: c.KeyLead, Overlap: c.KeyOverlap}
}

func (c signingConfig) keySource(text, dir string) (signers.Source, error) {
	return signers.Open(text, dir, signers.Config{VaultTokenFile: c.VaultTokenFile, VaultNamespace: c.VaultNamespace, VaultCAFile: c.VaultCAFile,
		Timeout: c.SigningTimeout, Parallel: c.SigningParallel, Clock: poa.SystemClock{}})
}

// sources opens the places of a setting, or the file in --keys where it is empty.
func (c Config) keySources(places []string, file string) ([]signers.Source, error) {
	if len(places) == 0 {
		places = []string{"file:" + file}
	}
	sources := make([]signers.Source, len(places))
	for i, text := range places {
		var err error
		if sources[i], err = c.keySource(text, c.Keys); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// readReceiptKeys reads the files of the keys of receipts, without a database.
func (c Config) readReceiptKeys(ctx context.Context) error {
	sources, err := c.keySources(c.ReceiptKeys, receiptFile)
	if err != nil {
		return err
	}
	for _, source := range sources {
		if source.Remote() {
			continue
		}
		if _, err := source.Keys(ctx); err != nil {
			return err
		}
	}
	return nil
}
