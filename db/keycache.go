// SPDX-License-Identifier: Apache-2.0

package db

import (
	"container/list"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"ininjo/poa"
)

const (
	// cachedKeys bounds the memory that data keys take.
	cachedKeys = 4096
	// cachedFor bounds how long a key that another process destroyed still
	// opens here.
	cachedFor = time.Minute
)

// keyCache keeps the data keys used last.
type keyCache struct {
	clock   poa.Clock
	mu      sync.Mutex
	entries map[Subject]*list.Element
	// recent holds *cachedKey, the one used last in front.
	recent *list.List
}

type cachedKey struct {
	subject Subject
	key     tink.AEAD
	until   time.Time
}

func newKeyCache(clock poa.Clock) *keyCache {
	return &keyCache{clock: clock, entries: map[Subject]*list.Element{}, recent: list.New()}
}

func (c *keyCache) get(s Subject) (tink.AEAD, bool) {
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[s]
	if !ok {
		return nil, false
	}
	cached := e.Value.(*cachedKey)
	if !now.Before(cached.until) {
		c.remove(e)
		return nil, false
	}
	c.recent.MoveToFront(e)
	return cached.key, true
}

func (c *keyCache) put(s Subject, key tink.AEAD) {
	until := c.clock.Now().Add(cachedFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[s]; ok {
		c.remove(e)
	}
	c.entries[s] = c.recent.PushFront(&cachedKey{s, key, until})
	if c.recent.Len() > cachedKeys {
		c.remove(c.recent.Back())
	}
}

func (c *keyCache) forget(s Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[s]; ok {
		c.remove(e)
	}
}

func (c *keyCache) remove(e *list.Element) {
	delete(c.entries, e.Value.(*cachedKey).subject)
	c.recent.Remove(e)
}
