// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ininjo/jobs"
)

// Folder lays messages into a folder as .eml files, for a service without a
// mail server. Nobody but the program's user can read them.
type Folder struct {
	sender Sender
	dir    string
}

var _ jobs.Mailer = (*Folder)(nil)

// NewFolder makes the folder where there is none.
func NewFolder(dir string, sender Sender) (*Folder, error) {
	if _, err := sender.compose(jobs.Message{ID: "mail", To: "someone@example.com"}); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making mail folder: %w", err)
	}
	return &Folder{sender: sender, dir: dir}, nil
}

// Send writes the message whole or not at all; sent again, it takes the place
// of the first. Names sort in the order in which messages were written.
func (f *Folder) Send(_ context.Context, m jobs.Message) error {
	if strings.ContainsAny(m.ID, `/\.`) || m.ID == "" {
		return errors.New("writing mail: its ID is no file name")
	}
	msg, err := f.sender.compose(m)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(f.dir, "new-*") // 0600
	if err != nil {
		return fmt.Errorf("writing mail: %w", err)
	}
	_, err = msg.WriteTo(file)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("writing mail: %w", err)
	}
	name := m.CreatedAt.UTC().Format("20060102T150405.000000") + "-" + m.ID + ".eml"
	if err := os.Rename(file.Name(), filepath.Join(f.dir, name)); err != nil {
		return fmt.Errorf("naming mail: %w", err)
	}
	return nil
}
