// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are the subcommands of ininjo.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Start everything: portal, GraphQL, jobs and, without --database-url, a private PostgreSQL."`
	Work    workCommand    `cmd:"" help:"Run jobs only, beside serve processes that share the database."`
	Demo    demoCommand    `cmd:"" help:"Serve with a test certification authority and walk the main job through the public interfaces."`
	Migrate migrateCommand `cmd:"" help:"Bring the database up to date, then exit."`
	Staff   staffCommand   `cmd:"" help:"Appoint the first service owner."`
	Publish publishCommand `cmd:"" help:"Put a version of the terms, rules or prices into the repository."`
	Sign    signCommand    `cmd:"" help:"Show and sign drafted delegations with a PKCS #12 file or a card; without files a page opens in the browser."`
	Audit   auditCommand   `cmd:"" help:"List, verify and restore archives of the audit log."`
	Backup  backupCommand  `cmd:"" help:"Back up the data, or the key store, which is in no backup of the data."`
	Restore restoreCommand `cmd:"" help:"Restore a backup into an empty database."`
	Keys    keysCommand    `cmd:"" help:"List, rotate and end the keys that sign receipts, heartbeats and status lists."`
	Verify  verifyCommand  `cmd:"" help:"Verify evidence or a receipt offline: no database, no network."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// lasting are the subcommands that go on until they are asked to stop.
var lasting = []string{"serve", "work", "demo"}

func main() {
	if len(os.Args) > 1 && slices.Contains(lasting, os.Args[1]) {
		loosenTimers()
	}
	os.Exit(ininjo())
}

// interrupted is the exit status after a second signal, as shells write SIGINT.
const interrupted = 130

// ininjo runs the program until it ends or is asked to. A second signal ends it
// at once.
func ininjo() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2) // room for both, so that none is lost between them
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(interrupted)
	}()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "ininjo:", err)
		return 1
	}
	return 0
}

// run is the whole program: tests call it as a newcomer would.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c commands
	exited := false
	parser, err := kong.New(&c, kong.Name("ininjo"), kong.Description("電子委任状サービス: keeps electronic powers of attorney and answers whether they are valid."),
		kong.Writers(stdout, stderr), kong.Exit(func(int) { exited = true }), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&output{stdout, stderr}))
	if err != nil {
		return fmt.Errorf("reading commands: %w", err)
	}
	parsed, err := parser.Parse(behindFlags(args))
	if exited { // --help
		return nil
	}
	if err != nil {
		return misuse(args, err)
	}
	err = parsed.Run()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) { // asked to stop before it was ready
		return nil
	}
	return err
}

// output is where a command prints: answers to stdout, the log to stderr.
type output struct{ stdout, stderr io.Writer }
