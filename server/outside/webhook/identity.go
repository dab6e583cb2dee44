// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"container/list"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net/http"
	"sync"

	"ininjo/jobs"
)

// maxIdentities bounds the clients that are kept for client certificates.
const maxIdentities = 64

// errIdentity stands for a client certificate that cannot be read. It does not
// quote it.
var errIdentity = errors.New("the client certificate cannot be used")

// identities keeps one client for each client certificate, so that connections
// of one are never used for another. The one used longest ago goes first.
type identities struct {
	mu    sync.Mutex
	made  map[[32]byte]*list.Element
	order list.List // of identity, the newest in front
}

type identity struct {
	key    [32]byte
	client *http.Client
}

// client returns the client of a certificate, made where there is none.
func (i *identities) client(c jobs.ClientCertificate, make func(*tls.Certificate) *http.Client) (*http.Client, error) {
	key := sha256.Sum256([]byte(c.Chain + "\x00" + c.Key))
	i.mu.Lock()
	defer i.mu.Unlock()
	if found, ok := i.made[key]; ok {
		i.order.MoveToFront(found)
		return found.Value.(identity).client, nil
	}
	pair, err := tls.X509KeyPair([]byte(c.Chain), []byte(c.Key))
	if err != nil {
		return nil, errIdentity
	}
	if i.made == nil {
		i.made = map[[32]byte]*list.Element{}
	}
	client := make(&pair)
	i.made[key] = i.order.PushFront(identity{key, client})
	if i.order.Len() > maxIdentities {
		i.drop(i.order.Back())
	}
	return client, nil
}

// drop forgets a client; what is under way over it ends by itself.
func (i *identities) drop(e *list.Element) {
	gone := i.order.Remove(e).(identity)
	delete(i.made, gone.key)
	gone.client.CloseIdleConnections()
}

func (i *identities) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.order.Len() > 0 {
		i.drop(i.order.Back())
	}
}
