// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// process is a child process; done closes when it has ended and was reaped.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// launch starts a command from an operating-system thread that lives as long as
// the child: Linux sends the parent-death signal when the starting thread ends,
// not when the program does.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ordinaryTimers()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	return p, <-started
}

// run runs a short program as the given account and reports its output with
// its failure.
func run(ctx context.Context, who account, dir, program string, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	prepare(cmd, who, dir, &output)
	p, err := launch(cmd)
	if err != nil {
		return err
	}
	<-p.done
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", filepath.Base(program), ctx.Err())
	}
	if p.err != nil {
		text := output.String()
		text = text[max(0, len(text)-tailSize):]
		return fmt.Errorf("%s: %w: %s", filepath.Base(program), p.err, strings.TrimSpace(text))
	}
	return nil
}

// prepare sets what every child gets: account, folder, and an environment
// without the program's own secrets.
func prepare(cmd *exec.Cmd, who account, dir string, output io.Writer) {
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = 2 * time.Second // an orphaned backend may hold the pipe
	cmd.SysProcAttr = attributes(who)
}

func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SystemRoot", "TEMP", "TMP"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}
