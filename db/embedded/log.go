// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	logName = "postgresql.log"
	// maxLog bounds the server's log: this file and one before it.
	maxLog = 4 << 20
	// tailSize is how much of the log a failed start quotes.
	tailSize = 2048
)

// serverLog is a bounded file of what the server says, and its last lines.
type serverLog struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
	tail []byte
}

func openLog(dataDir string) (*serverLog, error) {
	l := &serverLog{path: filepath.Join(dataDir, logName)}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *serverLog) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening PostgreSQL's log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("opening PostgreSQL's log: %w", err)
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write never fails: a full disk must not stop the server's messages from
// being read, for PostgreSQL waits when nobody reads them.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	if over := len(l.tail) - tailSize; over > 0 {
		l.tail = append([]byte(nil), l.tail[over:]...)
	}
	if l.size > maxLog {
		l.turn()
	}
	if l.file != nil {
		n, _ := l.file.Write(p)
		l.size += int64(n)
	}
	return len(p), nil
}

// turn starts a new file; the one before the last is overwritten.
func (l *serverLog) turn() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
	_ = os.Rename(l.path, l.path+".1")
	_ = l.open() // without a file the messages are read and dropped
}

// said gives the last messages and forgets them.
func (l *serverLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(string(l.tail))
	l.tail = nil
	return text
}

func (l *serverLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
