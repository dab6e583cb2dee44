// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// maxSecret bounds a password, in bytes.
const maxSecret = 1024

// readSecret takes a PIN or password out of a file, or asks for it on the terminal without showing it.
func (t Terminal) readSecret(file, prompt, flag string) ([]byte, error) {
	if file != "" {
		secret, err := readBounded(file, maxSecret)
		if err != nil {
			return nil, err
		}
		return bytes.TrimRight(secret, "\r\n"), nil
	}
	in, ok := t.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, wrong("no-terminal", "flag", flag)
	}
	fmt.Fprint(t.Err, prompt)
	secret, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(t.Err)
	if err != nil {
		return nil, wrong("no-terminal", "flag", flag).because(err)
	}
	return secret, nil
}

// wipe overwrites a secret as soon as it was used.
func wipe(secret []byte) { clear(secret) }

// Terminal is where a command asks and answers.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
}
