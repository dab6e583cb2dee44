// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// The known answer of Standard Webhooks 1.0.0.
const (
	knownKey       = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
	knownSignature = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)

func TestTheSpecificationsKnownAnswer(t *testing.T) {
	t.Parallel()
	key, err := ParseWebhookKey(knownKey)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1614265330, 0)
	header, err := sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`), []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, []WebhookKey{key})
	if err != nil {
		t.Fatal(err)
	}
	// The first is the known answer for v1 of the same specification.
	if got, want := header.Get("Webhook-Signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "+knownSignature; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key.Public(), "whpk_"))
	signature, err2 := base64.StdEncoding.DecodeString(strings.TrimPrefix(knownSignature, "v1a,"))
	if err != nil || err2 != nil || !ed25519.Verify(public, []byte(`msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}`), signature) {
		t.Errorf("the published key %s does not verify", key.Public())
	}
}

func TestParseWebhookKey(t *testing.T) {
	t.Parallel()
	other := make([]byte, ed25519.PrivateKeySize)
	for name, text := range map[string]string{
		"nothing":                       "",
		"a symmetric secret":            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"no prefix":                     strings.TrimPrefix(knownKey, "whsk_"),
		"a seed alone":                  "whsk_" + base64.StdEncoding.EncodeToString(other[:32]),
		"halves of two keys":            "whsk_" + base64.StdEncoding.EncodeToString(other),
		"another alphabet":              strings.ReplaceAll(knownKey, "/", "_"),
		"something behind":              knownKey + " ",
		"the public half in its place":  "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
		"a base64 that does not finish": knownKey[:len(knownKey)-2],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseWebhookKey(text); err == nil || text != "" && strings.Contains(err.Error(), text) {
				t.Errorf("%v", err)
			}
		})
	}
}
