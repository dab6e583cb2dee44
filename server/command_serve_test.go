// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db/embedded"
)

var metricsAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`)

// TestServe is the program as its operator starts it, with nothing but a
// folder.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := freshHome(t)
	p, base := serving(t, []string{"GOMAXPROCS="}, "--data-dir", dir)
	for path, wanted := range map[string]string{"/healthz": "alive", "/readyz": "ready", "/schema.graphqls": "type Query", "/.well-known/jwks.json": `"keys"`, "/repository": "<html", "/": "<html"} {
		if status, body := fetch(t, base+path); status != 200 || !strings.Contains(body, wanted) {
			t.Errorf("%s answered %d: %.200s", path, status, body)
		}
	}
	await(t, "it logs where the figures are", func() bool { return metricsAddress.MatchString(p.stderr.String()) })
	await(t, "its timers may be late", func() bool { return strings.Contains(p.stderr.String(), " timer_slack=1ms") })
	if told := slackOfDatabase(t, dir); told != "50000" {
		t.Errorf("PostgreSQL's timers may be late by %s ns", told)
	}
	metrics := metricsAddress.FindString(p.stderr.String())
	if status, body := fetch(t, metrics); status != 200 || !strings.Contains(body, `ininjo_http_request_seconds_count{route="GET /readyz",status="200"}`) {
		t.Errorf("%s answered %d: %.200s", metrics, status, body)
	}
	_, half, _, _ := threadsOf(t, besideDatabase, "")
	if _, body := fetch(t, metrics); !strings.Contains(body, fmt.Sprintf("\ngo_sched_gomaxprocs_threads %d\n", half)) {
		t.Errorf("not %d threads of Go, beside the private database", half)
	}
	if status, _ := fetch(t, base+"/metrics"); status != 404 {
		t.Errorf("figures stand on the public address: %d", status)
	}
	for path, mode := range map[string]os.FileMode{"": 0o700, "keys": 0o700, "keys/master.key": 0o600, "keys/hash.key": 0o600, "keys/receipt.pem": 0o600, "keys/webhook.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm()&^0o011 != mode && path == "" || path != "" && info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	t.Run("a second one on the same folder is refused", func(t *testing.T) {
		wantText(t, refused(t, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir), "in use", dir, "another process")
	})
	t.Run("a second one on the same port is refused", func(t *testing.T) {
		wantText(t, refused(t, nil, "serve", "--addr", strings.TrimPrefix(base, "http://"), "--data-dir", freshHome(t)), "--addr", "address already in use")
	})
	postgres, err := postgresOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A terminal's Ctrl-C goes to the whole group: PostgreSQL must outlive the requests.
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := p.status(t, defaultStopTimeout); status != 0 {
		t.Errorf("ended with %d: %s", status, p.stderr)
	}
	if err := syscall.Kill(postgres, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("PostgreSQL outlived the program: %v", err)
	}
	if status, _ := fetch(t, base+"/healthz"); status != 0 {
		t.Error("somebody still answers")
	}
	t.Run("the settings come from the environment as well", func(t *testing.T) {
		again := launch(t, []string{"ININJO_ADDR=127.0.0.1:0", "ININJO_DATA_DIR=" + dir, "ININJO_METRICS_ADDR=", "ININJO_PUBLIC_URL=https://ininjo.example.jp/",
			"ININJO_SERVICE_NAME=見本サービス", "ININJO_LOG_FORMAT=json", "ININJO_STOP_TIMEOUT=7s", "ININJO_MAIL_DIR=" + filepath.Join(dir, "letters")}, "serve")
		if line := again.line(t, "http"); line != "https://ininjo.example.jp" {
			t.Errorf("said %q", line)
		}
		await(t, "it logs that it serves", func() bool { return strings.Contains(again.stderr.String(), `"msg":"serving"`) })
		if strings.Contains(again.stderr.String(), "/metrics") {
			t.Error("figures are served though switched off")
		}
		if _, err := os.Stat(filepath.Join(dir, "letters")); err != nil {
			t.Error(err)
		}
		again.stop(t)
	})
}

// TestStop covers stops that something stands in the way of.
func TestStop(t *testing.T) {
	t.Parallel()
	dir := freshHome(t)
	t.Run("a request that does not end is cut off", func(t *testing.T) {
		p, base := serving(t, nil, "--data-dir", dir, "--stop-timeout", "2s")
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")); err != nil {
			t.Fatal(err)
		}
		await(t, "the request is there", func() bool { status, _ := fetch(t, base+"/healthz"); return status == 200 })
		p.signal(t, syscall.SIGTERM)
		if status := p.status(t, 12*time.Second); status != 1 {
			t.Errorf("ended with %d", status)
		}
		wantText(t, p.stderr.String(), "waiting for requests")
		if _, err := os.Stat(pidFile(dir)); err == nil {
			t.Error("PostgreSQL did not shut down")
		}
	})
	t.Run("a second signal ends it at once", func(t *testing.T) {
		p, base := serving(t, nil, "--data-dir", dir)
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")); err != nil {
			t.Fatal(err)
		}
		await(t, "the request is there", func() bool { status, _ := fetch(t, base+"/healthz"); return status == 200 })
		p.signal(t, syscall.SIGINT)
		await(t, "it stops", func() bool { return strings.Contains(p.stderr.String(), "stopping") })
		p.signal(t, syscall.SIGINT)
		if p.status(t, 5*time.Second) == 0 {
			t.Error("ended as if all were well")
		}
	})
	t.Run("while it starts", func(t *testing.T) {
		p := launch(t, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
		await(t, "PostgreSQL has started", func() bool { return strings.Contains(p.stderr.String(), "private PostgreSQL is ready") })
		p.stop(t)
	})
	t.Run("PostgreSQL ended by itself", func(t *testing.T) {
		p, _ := serving(t, nil, "--data-dir", dir)
		postgres, err := postgresOf(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(postgres, syscall.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		if status := p.status(t, defaultStopTimeout); status != 1 {
			t.Errorf("ended with %d", status)
		}
		wantText(t, p.stderr.String(), "the private PostgreSQL ended", "postgresql.log")
	})
}

// slackOfDatabase is by how many nanoseconds timers of a session of the program's
// private PostgreSQL may be late.
func slackOfDatabase(t *testing.T, dir string) (told string) {
	t.Helper()
	cluster, err := embedded.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), cluster.SuperuserURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT trim(E'\\n' FROM pg_read_file('/proc/self/timerslack_ns'))").Scan(&told); err != nil {
		t.Fatal(err)
	}
	return told
}
