// SPDX-License-Identifier: Apache-2.0

package signers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"ininjo/poa/receipt"
)

// Bounds of what a KMS answers and of its token.
const (
	maxReply = 256 << 10
	maxToken = 8 << 10
)

// vault is a key of the Transit engine of HashiCorp Vault or OpenBao: each of its
// versions is a key of its own.
type vault struct {
	base, mount, name string
	config            Config
	http              *http.Client
	guard             *guard
}

// newVault reads https://HOST[:PORT]/MOUNT/KEY. Without TLS it may stand on this
// machine alone: the token goes with every request.
func newVault(text string, c Config) (*vault, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("reading the place of a key: vault: wants https://HOST/MOUNT/KEY, without user, query and fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
		return nil, errors.New("reading the place of a key: vault: wants https://, or http:// on this machine")
	}
	at := strings.LastIndex(u.Path, "/")
	if at <= 0 || at == len(u.Path)-1 {
		return nil, errors.New("reading the place of a key: vault: wants the engine's mount and the key's name after the host, as in https://HOST/transit/receipts")
	}
	if c.VaultTokenFile == "" {
		return nil, errors.New("reading the place of a key: vault: wants --vault-token-file")
	}
	roots, err := rootsOf(c.VaultCAFile)
	if err != nil {
		return nil, err
	}
	// No proxy of the environment, and no redirect: the token goes where it was sent.
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: c.Timeout}).DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: c.Parallel, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true, DisableCompression: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &vault{base: u.Scheme + "://" + u.Host, mount: strings.Trim(u.Path[:at], "/"), name: u.Path[at+1:], config: c, http: client, guard: newGuard(c)}, nil
}

func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func rootsOf(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading --vault-ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("reading --vault-ca-file: it holds no certificate in PEM")
	}
	return pool, nil
}

// Name is the key's address.
func (v *vault) Name() string { return "vault:" + v.base + "/" + v.mount + "/" + v.name }

// Remote is true.
func (v *vault) Remote() bool { return true }

// Close closes idle connections.
func (v *vault) Close() error {
	v.http.CloseIdleConnections()
	return nil
}

// vaultKey is what the engine tells of a key.
type vaultKey struct {
	Data struct {
		Type string `json:"type"`
		Keys map[string]struct {
			PublicKey string `json:"public_key"`
		} `json:"keys"`
		MinEncryptionVersion int `json:"min_encryption_version"`
	} `json:"data"`
}

// Keys reads the public halves of the versions that may still sign.
func (v *vault) Keys(ctx context.Context) ([]receipt.Key, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, v.config.Timeout, errSlow)
	defer cancel()
	var told vaultKey
	if err := v.call(ctx, http.MethodGet, "keys/"+url.PathEscape(v.name), nil, &told); err != nil {
		return nil, err
	}
	if told.Data.Type != "ecdsa-p256" {
		return nil, fmt.Errorf("reading %s: it is of type %q, and ecdsa-p256 is wanted", v.Name(), told.Data.Type)
	}
	var versions []*versionKey
	for text, key := range told.Data.Keys {
		version, err := strconv.Atoi(text)
		if err != nil || version < told.Data.MinEncryptionVersion {
			continue
		}
		public, err := publicOf(key.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("reading %s: version %d: %w", v.Name(), version, err)
		}
		versions = append(versions, &versionKey{v, version, public})
	}
	slices.SortFunc(versions, func(a, b *versionKey) int { return cmp.Compare(a.version, b.version) })
	keys := make([]receipt.Key, len(versions))
	for i, key := range versions {
		keys[i] = guarded{key, v.guard}
	}
	return keys, nil
}

func publicOf(text string) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("its public key is not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("its public key cannot be read")
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("its public key is not of P-256")
	}
	return public, nil
}

// versionKey is one version of a key.
type versionKey struct {
	vault   *vault
	version int
	public  *ecdsa.PublicKey
}

func (k *versionKey) Public() *ecdsa.PublicKey { return k.public }

// vaultQuestion asks for a signature of a digest in the form of JWS.
type vaultQuestion struct {
	Input      string `json:"input"`
	Prehashed  bool   `json:"prehashed"`
	KeyVersion int    `json:"key_version"`
	Marshaling string `json:"marshaling_algorithm"`
}

type vaultAnswer struct {
	Data struct {
		Signature string `json:"signature"`
	} `json:"data"`
}

func (k *versionKey) SignDigest(ctx context.Context, digest [sha256.Size]byte) ([64]byte, error) {
	question := vaultQuestion{base64.StdEncoding.EncodeToString(digest[:]), true, k.version, "jws"}
	var answer vaultAnswer
	if err := k.vault.call(ctx, http.MethodPost, "sign/"+url.PathEscape(k.vault.name)+"/sha2-256", question, &answer); err != nil {
		return [64]byte{}, err
	}
	text, ours := strings.CutPrefix(answer.Data.Signature, fmt.Sprintf("vault:v%d:", k.version))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !ours || err != nil || len(raw) != 64 {
		return [64]byte{}, errWrong
	}
	return [64]byte(raw), nil
}

// call makes one request. Errors tell the status and never what was said: it may
// repeat what it was sent.
func (v *vault) call(ctx context.Context, method, path string, send, into any) error {
	var body io.Reader
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return fmt.Errorf("asking %s: %w", v.Name(), err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, v.base+"/v1/"+v.mount+"/"+path, body)
	if err != nil {
		return fmt.Errorf("asking %s: %w", v.Name(), err)
	}
	if err := v.authorize(request); err != nil {
		return err
	}
	reply, err := v.http.Do(request)
	if err != nil {
		return fmt.Errorf("asking %s: %w", v.Name(), err)
	}
	defer func() { _ = reply.Body.Close() }() // it was read, or is given up
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: %w", v.Name(), refusal(reply.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	if err != nil {
		return fmt.Errorf("asking %s: %w", v.Name(), err)
	}
	if len(text) > maxReply || json.Unmarshal(text, into) != nil {
		return fmt.Errorf("asking %s: the answer cannot be read", v.Name())
	}
	return nil
}

func (v *vault) authorize(request *http.Request) error {
	token, err := os.ReadFile(v.config.VaultTokenFile)
	if err != nil {
		return fmt.Errorf("reading --vault-token-file: %w", err)
	}
	text := strings.TrimSpace(string(token))
	if text == "" || len(text) > maxToken || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("reading --vault-token-file: it holds no token")
	}
	request.Header.Set("X-Vault-Token", text)
	request.Header.Set("X-Vault-Request", "true")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "ininjo")
	if v.config.VaultNamespace != "" {
		request.Header.Set("X-Vault-Namespace", v.config.VaultNamespace)
	}
	return nil
}

// refusal says what a status means to who runs the service.
func refusal(status int) error {
	switch status {
	case http.StatusForbidden:
		return errors.New("HTTP 403: the token does not hold, or its policy does not allow it")
	case http.StatusNotFound:
		return errors.New("HTTP 404: there is no such engine or key")
	case http.StatusServiceUnavailable:
		return errors.New("HTTP 503: it is sealed or in maintenance")
	}
	return fmt.Errorf("HTTP %d", status)
}
