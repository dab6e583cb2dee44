-- SPDX-License-Identifier: Apache-2.0
-- What became of mail: a message that did not arrive says why, and an address
-- that bounces gets no more until its reader confirms it again.

ALTER TABLE mails
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN failure text NOT NULL DEFAULT '' CONSTRAINT mails_failure CHECK (failure IN ('', 'SUPPRESSED', 'REFUSED', 'BOUNCED', 'GIVEN_UP')),
    ADD COLUMN failure_status text NOT NULL DEFAULT '' CONSTRAINT mails_failure_status CHECK (failure_status ~ '^([45]\.[0-9]{1,3}\.[0-9]{1,3})?$'),
    ADD CONSTRAINT mails_failed CHECK ((failure = '') = (failed_at IS NULL));
GRANT UPDATE (failed_at, failure, failure_status) ON mails TO ininjo_program;

-- Reports of servers on the way (RFC 3464), each message's once of a kind.
CREATE TABLE mail_bounces (
    mail_id text NOT NULL,
    permanent boolean NOT NULL,
    email_hash bytea NOT NULL CONSTRAINT mail_bounces_hash CHECK (octet_length(email_hash) = 32),
    party_id text,
    delegation_id text,
    status text NOT NULL CONSTRAINT mail_bounces_status CHECK (status ~ '^[45]\.[0-9]{1,3}\.[0-9]{1,3}$'),
    at timestamptz NOT NULL,
    CONSTRAINT mail_bounces_pkey PRIMARY KEY (mail_id, permanent),
    CONSTRAINT mail_bounces_kind CHECK (permanent = (status LIKE '5.%'))
);
CREATE INDEX mail_bounces_temporary ON mail_bounces (email_hash, at) WHERE NOT permanent;

-- An address under suppression: found by a keyed hash, shown to those who may
-- see it from the sealed text.
CREATE TABLE mail_suppressions (
    id text CONSTRAINT mail_suppressions_pkey PRIMARY KEY,
    email_hash bytea NOT NULL CONSTRAINT mail_suppressions_hash CHECK (octet_length(email_hash) = 32),
    party_id text,
    delegation_id text,
    sealed bytea NOT NULL,
    reason text NOT NULL CONSTRAINT mail_suppressions_reason CHECK (reason IN ('BOUNCED', 'REPEATEDLY', 'REFUSED')),
    status text NOT NULL CONSTRAINT mail_suppressions_status CHECK (status ~ '^([45]\.[0-9]{1,3}\.[0-9]{1,3})?$'),
    at timestamptz NOT NULL,
    lifted_at timestamptz,
    CONSTRAINT mail_suppressions_subject CHECK (num_nonnulls(party_id, delegation_id) >= 1),
    CONSTRAINT mail_suppressions_lifted CHECK (lifted_at >= at)
);
CREATE UNIQUE INDEX mail_suppressions_once ON mail_suppressions (email_hash) WHERE lifted_at IS NULL;
CREATE INDEX mail_suppressions_by_time ON mail_suppressions (at, id) WHERE lifted_at IS NULL;
CREATE INDEX mail_suppressions_by_hash ON mail_suppressions (email_hash, lifted_at);

GRANT SELECT, INSERT ON mail_bounces, mail_suppressions TO ininjo_program;
GRANT UPDATE (lifted_at) ON mail_suppressions TO ininjo_program;
GRANT SELECT, DELETE ON mail_bounces, mail_suppressions TO ininjo_retention;
