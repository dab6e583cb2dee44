// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers/signerstest"
)

// receiptAnswer is what a recipient is told over GraphQL.
type receiptAnswer struct {
	Data *struct {
		Validities []struct {
			Status  string
			Receipt *string
		}
	}
	Errors []struct {
		Path       []any
		Extensions struct{ Code string }
	}
}

// askFor asks for receipts without an account.
func askFor(t *testing.T, base string, ids ...string) receiptAnswer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": `query($ids: [ID!]!) { validities(delegationIds: $ids) { status receipt } }`, "variables": map[string]any{"ids": ids}})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var answer receiptAnswer
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil || answer.Data == nil || len(answer.Data.Validities) != len(ids) {
		t.Fatalf("%d %v: %+v", reply.StatusCode, err, answer)
	}
	return answer
}

// TestReceiptsFromAKMS asks a service whose key lies in a KMS: while that is away
// the answers still come, at once, with an error on the path of each receipt.
func TestReceiptsFromAKMS(t *testing.T) {
	t.Parallel()
	kms := signerstest.NewTransit(false)
	t.Cleanup(kms.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(signerstest.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	_, base := serving(t, nil, "--data-dir", freshHome(t), "--recipient-registration", "none", "--anonymous-rate", "0",
		"--receipt-key", "vault:"+kms.URL+signerstest.Place, "--vault-token-file", token, "--signing-timeout", "20s", "--signing-parallel", "3")
	ids := []string{string(poa.NewDelegationID()), string(poa.NewDelegationID()), "mistyped", string(poa.NewDelegationID()), string(poa.NewDelegationID())}
	_, set := fetch(t, base+"/.well-known/jwks.json")

	answer := askFor(t, base, ids...)
	for _, v := range answer.Data.Validities {
		if v.Status != "UNKNOWN" || v.Receipt == nil {
			t.Fatalf("%+v", answer)
		}
		if _, err := receipt.Verify(*v.Receipt, []byte(set), receipt.TypReceipt); err != nil {
			t.Error(err)
		}
	}
	if len(answer.Errors) > 0 {
		t.Errorf("%+v", answer.Errors)
	}
	t.Run("the receipts of one request are signed side by side", func(t *testing.T) {
		before, release := kms.Asked.Load(), kms.Hang()
		done := make(chan receiptAnswer)
		go func() { done <- askFor(t, base, ids...) }()
		await(t, "three signatures at once", func() bool { return kms.Asked.Load() == before+3 })
		release()
		if answer := <-done; len(answer.Errors) > 0 {
			t.Errorf("%+v", answer)
		}
	})
	kms.Fail(http.StatusServiceUnavailable)
	began := time.Duration(machineClock.Now().UnixNano())
	for range 20 {
		answer = askFor(t, base, ids...)
		if len(answer.Errors) != len(ids) {
			t.Fatalf("%+v", answer)
		}
		for i, v := range answer.Data.Validities {
			path := answer.Errors[i].Path
			if v.Status != "UNKNOWN" || v.Receipt != nil || answer.Errors[i].Extensions.Code != string(poa.CodeSigningUnavailable) || len(path) != 3 || path[2] != "receipt" {
				t.Fatalf("%+v", answer)
			}
		}
	}
	t.Logf("100 answers without their receipts took %v", time.Duration(machineClock.Now().UnixNano())-began)
}
