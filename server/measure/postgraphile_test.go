// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// postgraphileConfig lets PostGraphile serve as lean as it can, on the one table
// that its role may read.
const postgraphileConfig = `import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
export default {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.BENCH_DATABASE, schemas: ["public"] })],
  grafserv: { host: "127.0.0.1", port: Number(process.env.BENCH_PORT), watch: false, graphiql: false, graphqlPath: "/graphql" },
  grafast: { explain: false },
};
`

// postgraphile starts PostGraphile 5 on Node 22, both from npm, without sign-in
// and audit. It tells why it is not at hand, if so: a figure is missing then, no
// test has failed.
func (w *world) postgraphile(tb testing.TB) (c *contestant, missing string) {
	tb.Helper()
	dir := filepath.Join(folder(), "postgraphile")
	must(tb, os.MkdirAll(dir, 0o755))
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "postgraphile")); err != nil {
		progress("installing PostGraphile 5 and Node 22 into %s (a minute, once)", dir)
		must(tb, os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true}`), 0o600))
		install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "node@22", "postgraphile@5")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			return nil, fmt.Sprintf("npm: %v: %.300s", err, out)
		}
	}
	must(tb, os.WriteFile(filepath.Join(dir, "graphile.config.mjs"), []byte(postgraphileConfig), 0o600))
	const role = "bench_postgraphile"
	if w.count(tb, "SELECT count(*) FROM pg_roles WHERE rolname = '"+role+"'") == 0 {
		w.exec(tb, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, w.cluster.Password(role)))
	}
	w.exec(tb, "GRANT CONNECT ON DATABASE "+databaseName+" TO "+role, "GRANT USAGE ON SCHEMA public TO "+role, "GRANT SELECT ON projections TO "+role)
	port, err := freePort(tb.Context())
	must(tb, err)
	c = &contestant{cmd: exec.Command(filepath.Join(dir, "node_modules", ".bin", "node"), "node_modules/postgraphile/dist/cli-run.js"),
		base: "http://" + port}
	_, number, _ := net.SplitHostPort(port)
	c.cmd.Dir = dir
	c.cmd.Env = append(os.Environ(), "NODE_ENV=production", "BENCH_DATABASE="+w.cluster.URL(role, databaseName), "BENCH_PORT="+number, "GRAPHILE_ENV=production")
	log, err := os.Create(filepath.Join(dir, "log"))
	must(tb, err)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := startTied(tb, c.cmd); err != nil {
		return nil, fmt.Sprintf("Node 22: %v", err)
	}
	tb.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGCONT)
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		_ = log.Close()
	})
	for range 300 {
		if w.answers(w.ofPostgraphile(c, "")) { // its schema is made with the first question
			return c, ""
		}
		<-time.After(100 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	return nil, fmt.Sprintf("PostGraphile did not serve: %.500s", text)
}

func freePort(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
