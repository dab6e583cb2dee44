-- SPDX-License-Identifier: Apache-2.0
-- What a party manages itself: tokens that overlap, endpoints that were proved,
-- attempts with their answers, watches begun by asking, the history of
-- inquiries, addresses for notices, and the end of a contract.

-- Tokens: a rotated one goes on for its overlap and then stops by the clock.
ALTER TABLE api_tokens ADD COLUMN replaced_by text CONSTRAINT api_tokens_replaced_by_fkey REFERENCES api_tokens (id),
    ADD CONSTRAINT api_tokens_not_itself_check CHECK (replaced_by <> id);
CREATE UNIQUE INDEX api_tokens_replaced_by_key ON api_tokens (replaced_by);
CREATE INDEX api_tokens_expiry_idx ON api_tokens (expires_at) WHERE revoked_at IS NULL AND replaced_by IS NULL;
GRANT UPDATE (expires_at, replaced_by) ON api_tokens TO ininjo_program;

-- No token lives longer than it was made for, and none is replaced twice.
CREATE FUNCTION api_tokens_only_shorter() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.expires_at > OLD.expires_at OR OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by THEN
        RAISE EXCEPTION 'a token is not prolonged, nor replaced twice' USING ERRCODE = 'check_violation', CONSTRAINT = 'api_tokens_only_shorter';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER api_tokens_only_shorter BEFORE UPDATE OF expires_at, replaced_by ON api_tokens
    FOR EACH ROW EXECUTE FUNCTION api_tokens_only_shorter();

-- Which warning of a token's end went out: 14 days and 1 day ahead, each once.
CREATE TABLE token_warnings (
    token_id   text        NOT NULL CONSTRAINT token_warnings_token_fkey REFERENCES api_tokens (id) ON DELETE CASCADE,
    days_ahead integer     NOT NULL CONSTRAINT token_warnings_days_check CHECK (days_ahead > 0),
    at         timestamptz NOT NULL,
    CONSTRAINT token_warnings_pkey PRIMARY KEY (token_id, days_ahead)
);
GRANT SELECT, INSERT ON token_warnings TO ininjo_program;
GRANT SELECT, DELETE ON token_warnings TO ininjo_retention;

-- Endpoints: verified once a test arrived at the address it has now.
ALTER TABLE endpoints ADD COLUMN verified_at timestamptz, ADD COLUMN address_at timestamptz;
UPDATE endpoints SET address_at = created_at;
ALTER TABLE endpoints ALTER COLUMN address_at SET NOT NULL, ADD CONSTRAINT endpoints_verified CHECK (verified_at >= address_at);
GRANT UPDATE (verified_at, address_at) ON endpoints TO ininjo_program;

-- Deliveries: a resent one waits for one more attempt; its state stays.
ALTER TABLE deliveries ADD COLUMN resend_at timestamptz, ADD CONSTRAINT deliveries_resend CHECK (resend_at IS NULL OR state <> 'PENDING');
GRANT UPDATE (resend_at) ON deliveries TO ininjo_program;
CREATE INDEX deliveries_waiting ON deliveries (party_id) WHERE state = 'PENDING';

-- The beginning of what an endpoint answered, at most 4 kB, sealed.
ALTER TABLE attempts ADD COLUMN answer bytea CONSTRAINT attempts_answer CHECK (octet_length(answer) <= 4352);

-- Watches begun by asking name the inquiry: that is their record.
ALTER TABLE watches ADD COLUMN inquiry_id text;
CREATE INDEX watches_by_recipient ON watches (recipient_id, since, delegation_id) WHERE ended_at IS NULL;

ALTER TABLE parties ADD COLUMN watch_asked boolean NOT NULL DEFAULT false
    CONSTRAINT parties_watch_asked_check CHECK (role = 'RECIPIENT' OR NOT watch_asked);
ALTER TABLE parties ADD COLUMN IF NOT EXISTS ended_at timestamptz;
ALTER TABLE parties ADD CONSTRAINT parties_ended_check CHECK (ended_at IS NULL OR state = 'ENDED');
GRANT UPDATE (watch_asked, ended_at) ON parties TO ininjo_program;

-- Begins a watch for who asks and returns the row that the answer is read from
-- (design.md, rule 14). It takes FOR SHARE on the delegation, so a change under
-- way is waited for, and is VOLATILE, so that what it reads afterwards is newer
-- than the statement that calls it.
CREATE FUNCTION watch_asked(recipient text, delegation text, at timestamptz, inquiry text) RETURNS SETOF projections
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM watches w WHERE w.recipient_id = recipient AND w.delegation_id = delegation AND w.ended_at IS NULL) THEN
        PERFORM FROM delegations d WHERE d.id = delegation AND d.state = 'ACCEPTED' FOR SHARE;
        IF FOUND THEN
            INSERT INTO watches (recipient_id, delegation_id, since, since_version, inquiry_id)
            SELECT recipient, delegation, at, p.version, inquiry FROM projections p WHERE p.delegation_id = delegation
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;
    RETURN QUERY SELECT p.* FROM projections p WHERE p.delegation_id = delegation;
END
$$;

-- The recipient's own history (5.3).
CREATE INDEX inquiries_by_recipient ON inquiries (recipient_id, answered_at, id);

-- Addresses for notices: which kinds, and whether the reader unsubscribed.
ALTER TABLE mail_addresses ADD COLUMN types text[] NOT NULL DEFAULT '{}', ADD COLUMN unsubscribed_at timestamptz;
GRANT UPDATE (language, types, unsubscribed_at), DELETE ON mail_addresses TO ininjo_program;
CREATE INDEX mails_by_party ON mails (party_id, created_at);

-- The end of a contract (2.1.2): who ended it, and whether the user confirmed
-- that the signing application was erased.
CREATE TABLE contract_ends (
    party_id             text        CONSTRAINT contract_ends_pkey PRIMARY KEY CONSTRAINT contract_ends_party_fkey REFERENCES parties (id),
    ended_at             timestamptz NOT NULL,
    ended_by             text        NOT NULL,
    by_kind              text        NOT NULL CONSTRAINT contract_ends_by_kind_check CHECK (by_kind IN ('DELEGATOR', 'RECIPIENT', 'STAFF')),
    delegations          integer     NOT NULL CONSTRAINT contract_ends_delegations_check CHECK (delegations >= 0),
    link_hash            bytea       CONSTRAINT contract_ends_link_key UNIQUE CONSTRAINT contract_ends_link_check CHECK (octet_length(link_hash) = 32),
    erasure_confirmed_at timestamptz CONSTRAINT contract_ends_erasure_check CHECK (erasure_confirmed_at IS NULL OR erasure_confirmed_at >= ended_at AND link_hash IS NOT NULL)
);
GRANT SELECT, INSERT, UPDATE (erasure_confirmed_at) ON contract_ends TO ininjo_program;
GRANT SELECT, DELETE ON contract_ends TO ininjo_retention;
