-- SPDX-License-Identifier: Apache-2.0
-- Who comes in (8.3): second factors, recovery codes, sessions, devices, slowed
-- guessing, members and their invitations. Runs as ininjo_owner.

-- What a member may do for its party, and the second factor by time. Its secret
-- stays in the sealed column; totp_step is the last step whose code was used.
ALTER TABLE accounts
    ADD COLUMN member              text CONSTRAINT accounts_member_check CHECK (member IN ('ADMINISTRATOR', 'DEVELOPER', 'READER')),
    ADD COLUMN totp_since          timestamptz,
    ADD COLUMN totp_step           bigint NOT NULL DEFAULT 0 CONSTRAINT accounts_totp_step_check CHECK (totp_step >= 0),
    ADD COLUMN password_changed_at timestamptz;
UPDATE accounts SET member = 'ADMINISTRATOR' WHERE kind <> 'STAFF';
UPDATE accounts SET totp_since = created_at WHERE kind = 'STAFF'; -- who was appointed before got a secret then
ALTER TABLE accounts ADD CONSTRAINT accounts_member_staff_check CHECK ((kind = 'STAFF') = (member IS NULL));
GRANT UPDATE (sealed, member, totp_since, totp_step, password_changed_at) ON accounts TO ininjo_program;

-- Whether every member of the party must have a second factor.
ALTER TABLE parties ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
GRANT UPDATE (second_factor) ON parties TO ininjo_program;

CREATE TABLE passkeys (
    id              text        CONSTRAINT passkeys_pkey PRIMARY KEY,
    account_id      text        NOT NULL CONSTRAINT passkeys_account_fkey REFERENCES accounts (id),
    -- The keyed hash of the credential's ID: one credential serves one account.
    credential_hash bytea       NOT NULL CONSTRAINT passkeys_credential_key UNIQUE,
    sealed          bytea       NOT NULL,
    sign_count      bigint      NOT NULL CONSTRAINT passkeys_sign_count_check CHECK (sign_count >= 0),
    created_at      timestamptz NOT NULL,
    last_used_at    timestamptz
);
CREATE INDEX passkeys_account_idx ON passkeys (account_id, created_at, id);
GRANT SELECT, INSERT, DELETE, UPDATE (sealed, sign_count, last_used_at) ON passkeys TO ininjo_program;
GRANT SELECT, DELETE ON passkeys TO ininjo_retention;

CREATE TABLE recovery_codes (
    account_id text        NOT NULL CONSTRAINT recovery_codes_account_fkey REFERENCES accounts (id),
    hash       bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, hash)
);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_codes TO ininjo_program;
GRANT SELECT, DELETE ON recovery_codes TO ininjo_retention;

-- A session of nobody has no account. "about" is the sealed user agent.
ALTER TABLE sessions
    ADD COLUMN id         text CONSTRAINT sessions_id_key UNIQUE,
    ADD COLUMN account_id text CONSTRAINT sessions_account_fkey REFERENCES accounts (id),
    ADD COLUMN about      bytea,
    ADD COLUMN began_at   timestamptz,
    ADD COLUMN seen_at    timestamptz,
    ADD CONSTRAINT sessions_account_check CHECK (num_nulls(id, account_id, about, began_at, seen_at) IN (0, 5));
CREATE INDEX sessions_account_idx ON sessions (account_id, began_at);
GRANT UPDATE (id, account_id, about, began_at, seen_at) ON sessions TO ininjo_program;

-- Browsers in which an account signed in before: they have a budget of guesses
-- of their own.
CREATE TABLE devices (
    hash       bytea       NOT NULL CONSTRAINT devices_hash_check CHECK (octet_length(hash) = 32),
    account_id text        NOT NULL CONSTRAINT devices_account_fkey REFERENCES accounts (id),
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    CONSTRAINT devices_pkey PRIMARY KEY (account_id, hash)
);
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON devices TO ininjo_program;
GRANT SELECT, DELETE ON devices TO ininjo_retention;

-- Failed attempts, by the keyed hash of what was guessed at and from where:
-- addresses that nobody has are counted like any other.
CREATE TABLE attempts_to_sign_in (
    bucket   bytea       CONSTRAINT attempts_to_sign_in_pkey PRIMARY KEY,
    failures integer     NOT NULL CONSTRAINT attempts_to_sign_in_failures_check CHECK (failures >= 0),
    last_at  timestamptz NOT NULL,
    until    timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX attempts_to_sign_in_last_idx ON attempts_to_sign_in (last_at);
GRANT SELECT, INSERT, DELETE, UPDATE (failures, last_at, until) ON attempts_to_sign_in TO ininjo_program;
GRANT SELECT, DELETE ON attempts_to_sign_in TO ininjo_retention;

CREATE TABLE invitations (
    id           text        CONSTRAINT invitations_pkey PRIMARY KEY,
    party_id     text        NOT NULL CONSTRAINT invitations_party_fkey REFERENCES parties (id),
    hash         bytea       NOT NULL CONSTRAINT invitations_hash_key UNIQUE CONSTRAINT invitations_hash_check CHECK (octet_length(hash) = 32),
    email_hash   bytea       NOT NULL,
    sealed       bytea       NOT NULL,
    member       text        NOT NULL CONSTRAINT invitations_member_check CHECK (member IN ('ADMINISTRATOR', 'DEVELOPER', 'READER')),
    language     text        NOT NULL CONSTRAINT invitations_language_check CHECK (language IN ('ja', 'en')),
    invited_by   text        NOT NULL, -- an account
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    accepted_at  timestamptz,
    withdrawn_at timestamptz,
    account_id   text,
    CONSTRAINT invitations_expiry_check CHECK (expires_at > created_at),
    CONSTRAINT invitations_accepted_check CHECK ((accepted_at IS NULL) = (account_id IS NULL)),
    CONSTRAINT invitations_once_check CHECK (accepted_at IS NULL OR withdrawn_at IS NULL)
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (party_id, email_hash) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX invitations_party_idx ON invitations (party_id, created_at, id);
GRANT SELECT, INSERT, UPDATE (hash, expires_at, accepted_at, withdrawn_at, account_id) ON invitations TO ininjo_program;
GRANT SELECT, DELETE ON invitations TO ininjo_retention;

-- Who asked for a new password, until a job has answered: known and unknown
-- addresses take as long.
CREATE TABLE password_requests (
    id         text        CONSTRAINT password_requests_pkey PRIMARY KEY,
    sealed     bytea       NOT NULL,
    language   text        NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON password_requests TO ininjo_program;
GRANT SELECT, DELETE ON password_requests TO ininjo_retention;
