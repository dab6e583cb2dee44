// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config is every setting of the service. Each is a flag, or an environment
// variable ININJO_… of the same name; the zero value of each is usable.
type Config struct {
	// Addr is where the portal and GraphQL listen. Port 0 picks a free one.
	Addr string `default:"127.0.0.1:8080" env:"ININJO_ADDR" help:"Address of portal and GraphQL; port 0 picks a free one."`
	// MetricsAddr is where /metrics listens, apart from the public. Empty
	// switches it off.
	MetricsAddr string `default:"127.0.0.1:0" env:"ININJO_METRICS_ADDR" help:"Address of /metrics, apart from the public; empty for none."`
	// PublicURL is the address that users see. It is written into every
	// delegation, so it must last as long as they do.
	PublicURL string `env:"ININJO_PUBLIC_URL" help:"Address that users see, written into every delegation. Default: http:// and --addr."`
	// DataDir holds the private PostgreSQL, the keys and the key store unless
	// these are elsewhere. It is made with mode 0700.
	DataDir string `default:"data" env:"ININJO_DATA_DIR" help:"Folder of the private PostgreSQL, the keys and the mail folder." type:"path"`
	// DatabaseURL names a PostgreSQL (15 or later) of yours in place of the
	// private one; its login is a member of ininjo_program.
	DatabaseURL string `env:"ININJO_DATABASE_URL" help:"PostgreSQL 15 or later of yours, as the program's role, in place of the private one."`
	// MigrateDatabaseURL names the login that migrates: a member of ininjo_owner.
	MigrateDatabaseURL string `env:"ININJO_MIGRATE_DATABASE_URL" help:"The same database as a member of ininjo_owner, for migrations. Default: --database-url, with a warning."`
	// ReplicaURL names a streaming replica, for what may be read there.
	ReplicaURL string `env:"ININJO_REPLICA_URL" help:"Streaming replica of --database-url, as the program's role, for lists, histories, exports and status lists. Whether a delegation is valid is asked of --database-url alone, and so is whatever the replica cannot answer."`
	// ReplicaWait is how long a read waits for the replica.
	ReplicaWait time.Duration `default:"250ms" env:"ININJO_REPLICA_WAIT" help:"How long a read waits until the replica has everything that was there when it came, 10ms to 10s; beyond it --database-url is read."`
	// Keys is a folder with the keys: master.key and hash.key (32 bytes each)
	// receipt.pem, webhook.pem, heartbeat.pem and statuslist.pem. They are made only together with the private PostgreSQL.
	Keys string `env:"ININJO_KEYS" help:"Folder of the keys (master.key, hash.key, receipt.pem, webhook.pem, heartbeat.pem, statuslist.pem). Must be given with --database-url. Default: keys in --data-dir." type:"path"`
	// KeyStore is a folder with the wrapped data keys, or the URL of a database
	// with them. It is in no backup of the data: destroying a key erases what it
	// sealed everywhere.
	KeyStore string `env:"ININJO_KEY_STORE" help:"Folder of the wrapped data keys, or postgres:// and a database of their own (a password in the environment only); in no backup of the data. Must be given with --database-url. Default: key-store in --data-dir."`
	// Roots is a folder of pinned root certificates with pins.txt. Without it no
	// signature is trusted.
	Roots string `env:"ININJO_ROOTS" help:"Folder of pinned root certificates with pins.txt (SHA-256 of each)." type:"path"`
	// PolicyOIDs are the certificate policies that a signer may have.
	PolicyOIDs []string `name:"policy-oids" default:"1.2.392.200149.8.5.1.1.20" env:"ININJO_POLICY_OIDS" help:"Certificate policies that are accepted."`
	// ServiceName, PolicyURL and ServicePolicyOID are written into delegations.
	ServiceName      string `default:"Ininjo 電子委任状サービス" env:"ININJO_SERVICE_NAME" help:"Name of the service, written into every delegation."`
	PolicyURL        string `env:"ININJO_POLICY_URL" help:"Address of the operating rules. Default: /repository."`
	ServicePolicyOID string `env:"ININJO_SERVICE_POLICY_OID" help:"Object identifier of the service policy, if there is one."`
	// SMTP is host:port of the mail server. Without it mail becomes .eml files
	// in MailDir.
	SMTP             string `env:"ININJO_SMTP" help:"Mail server, host:port. Default: .eml files in --mail-dir."`
	SMTPUser         string `env:"ININJO_SMTP_USER" help:"User at the mail server."`
	SMTPPasswordFile string `env:"ININJO_SMTP_PASSWORD_FILE" help:"File with the password at the mail server." type:"path"`
	SMTPTLS          string `name:"smtp-tls" default:"starttls" enum:"starttls,implicit,none" env:"ININJO_SMTP_TLS" help:"starttls, implicit (port 465), or none for a relay on this machine."`
	MailFrom         string `default:"no-reply@localhost.localdomain" env:"ININJO_MAIL_FROM" help:"Sender of mail."`
	MailDir          string `env:"ININJO_MAIL_DIR" help:"Folder of .eml files where no --smtp is set. Default: mail in --data-dir." type:"path"`
	// WebhookAllow lets webhooks go to private networks, as prefixes or
	// host:port; nothing private is allowed by default.
	WebhookAllow []string `env:"ININJO_WEBHOOK_ALLOW" help:"Private networks (prefix, or address:port) that webhooks may go to."`
	// TitleRecheck is after how many days a delegate's title is asked for again
	// (4.1.2).
	TitleRecheck int `default:"90" env:"ININJO_TITLE_RECHECK" help:"Days after which a delegate's title is asked for again."`
	// Registries are professional bodies that offer the interface of
	// docs/registry-openapi.yaml; the others are asked by people.
	Registries         []string      `name:"registry" env:"ININJO_REGISTRY" help:"Registries of professional bodies, QUALIFICATION=https://… each (docs/registry-openapi.yaml)."`
	RegistryTokenFiles []string      `name:"registry-token-file" env:"ININJO_REGISTRY_TOKEN_FILE" help:"Files with the bearer tokens of registries, QUALIFICATION=FILE each."`
	RegistryAllow      []string      `env:"ININJO_REGISTRY_ALLOW" help:"Private networks (prefix, or address:port) that registries may stand in."`
	RegistryTimeout    time.Duration `default:"10s" env:"ININJO_REGISTRY_TIMEOUT" help:"How long one request to a registry may take."`
	RegistryOutage     time.Duration `default:"4h" env:"ININJO_REGISTRY_OUTAGE" help:"How long a registry may be silent before a person is asked to look."`
	// RecipientRegistration is what recipients need before they ask (5.2).
	RecipientRegistration string `default:"approval" enum:"required,approval,none" env:"ININJO_RECIPIENT_REGISTRATION" help:"What recipients need before they ask for validity: required (a proved e-mail address), approval (reception's, too), or none (anyone may ask without an account, within --anonymous-rate)."`
	// HoujinURL and HoujinIDFile name the Web-API of the National Tax Agency that
	// publishes corporate numbers. Without an application ID nothing is asked and
	// nothing leaves the site.
	HoujinURL    string `default:"https://api.houjin-bangou.nta.go.jp/4" env:"ININJO_HOUJIN_URL" help:"Web-API of the National Tax Agency (version 4) that publishes corporate numbers."`
	HoujinIDFile string `env:"ININJO_HOUJIN_ID_FILE" help:"File with the application ID at --houjin-url. Without it corporate numbers are not looked up, only their check digit is." type:"path"`
	// AnonymousRate bounds what needs no account, for each client address; zero
	// is no bound, as in the demo, which serves this machine alone.
	AnonymousRate float64 `default:"1" env:"ININJO_ANONYMOUS_RATE" help:"Sign-ins, applications, uses of one-time links and GraphQL requests without a token, each second from each address, after 30 at once; 0 for no bound."`
	// TrustedProxies are believed about their clients' addresses.
	TrustedProxies []netip.Prefix `env:"ININJO_TRUSTED_PROXIES" help:"Reverse proxies (prefixes) whose X-Forwarded-For is believed. Default: none."`
	// PostgresBin names the folder of initdb and postgres.
	PostgresBin string `env:"ININJO_POSTGRES_BIN" help:"Folder of initdb and postgres. Default: found on the machine, else fetched." type:"path"`
	// LogFormat is text or json.
	LogFormat string `default:"text" enum:"text,json" env:"ININJO_LOG_FORMAT" help:"Format of the log: text or json."`
	// StopTimeout bounds a graceful stop.
	StopTimeout time.Duration `default:"20s" env:"ININJO_STOP_TIMEOUT" help:"How long a graceful stop may take."`

	mailConfig      `embed:""`
	retentionConfig `embed:""`
	statusConfig    `embed:""`
	timestampConfig `embed:""`
	evidenceConfig  `embed:""`
	noticesConfig   `embed:""`
	answersConfig   `embed:""`
	signingConfig   `embed:""`

	connectionsConfig `embed:""`

	// StatusLists is who reads the signed status lists.
	StatusLists string `default:"registered" enum:"off,registered,public" env:"ININJO_STATUS_LISTS" help:"Who reads the signed status lists, from which everybody who holds one sees how delegations stand without asking: off (nobody, none is published), registered (recipients with a token for validity), or public (anybody, within --anonymous-rate)."`

	// demo marks a service of the demo command, beside a command that may run
	// while serve holds the private PostgreSQL, withoutKeys one that signs nothing;
	// they are no settings.
	demo, beside, withoutKeys bool
}

// defaultStopTimeout is --stop-timeout where it is not set.
const defaultStopTimeout = 20 * time.Second

// withDefaults fills in what depends on other settings and refuses what cannot
// be meant, before anything is touched.
func (c Config) withDefaults() (Config, error) {
	if c.DatabaseURL != "" && (c.Keys == "" || c.KeyStore == "") {
		return c, errors.New("with --database-url, --keys and --key-store must be given: keys are made only together with the private PostgreSQL")
	}
	if !(c.AnonymousRate >= 0) { // NaN, too
		return c, errors.New("--anonymous-rate is a number of requests each second, or 0 for no bound")
	}
	if c.ReplicaURL != "" && c.DatabaseURL == "" {
		return c, errors.New("--replica-url goes with --database-url: the private PostgreSQL has no replica")
	}
	if c.ReplicaWait != 0 && (c.ReplicaWait < 10*time.Millisecond || c.ReplicaWait > 10*time.Second) {
		return c, errors.New("--replica-wait is 10ms to 10s")
	}
	if err := c.mailConfig.check(); err != nil {
		return c, err
	}
	if err := c.retentionConfig.check(); err != nil {
		return c, err
	}
	if err := c.statusConfig.check(); err != nil {
		return c, err
	}
	if err := c.timestampConfig.check(); err != nil {
		return c, err
	}
	if err := c.evidenceConfig.check(); err != nil {
		return c, err
	}
	if err := c.noticesConfig.check(); err != nil {
		return c, err
	}
	if err := c.signingConfig.check(); err != nil {
		return c, err
	}
	if err := c.connectionsConfig.check(); err != nil {
		return c, err
	}
	if err := c.answersConfig.check(); err != nil {
		return c, err
	}
	if c.StopTimeout <= 0 {
		c.StopTimeout = defaultStopTimeout
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if err := checkPublicURL(c.PublicURL); err != nil {
		return c, err
	}
	return c.withPaths()
}

// withPaths fills in folders and makes the data folder.
func (c Config) withPaths() (Config, error) {
	if c.DataDir == "" {
		return c, errors.New("--data-dir is empty: name a folder")
	}
	if c.DatabaseURL == "" && c.MigrateDatabaseURL != "" {
		return c, errors.New("--migrate-database-url goes with --database-url: the private PostgreSQL has logins of its own")
	}
	abs, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, fmt.Errorf("finding --data-dir: %w", err)
	}
	c.DataDir = abs
	if c.KeyStore, err = namedKeyStore(c.KeyStore); err != nil {
		return c, err
	}
	for setting, name := range map[*string]string{&c.Keys: "keys", &c.KeyStore: "key-store", &c.MailDir: "mail"} {
		if *setting == "" {
			*setting = filepath.Join(c.DataDir, name)
		}
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return c, fmt.Errorf("making --data-dir: %w", err)
	}
	return c, nil
}

// checkPublicURL takes an origin: paths are added to it, and what is written
// into delegations can never be put right.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || text != u.Scheme+"://"+u.Host {
		return errors.New("--public-url must be https:// (or http://) and a host, without a path")
	}
	return nil
}

// loopback reports whether addr listens on this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
