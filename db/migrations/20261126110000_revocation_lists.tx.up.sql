-- SPDX-License-Identifier: Apache-2.0
-- The newest list of revoked certificates that any process has seen, so that none
-- takes an older one again: what was revoked since must not come back. Runs as
-- ininjo_owner.

CREATE TABLE revocation_lists (
    -- SHA-256 of the issuer's key and of what part of its certificates the list is about
    series bytea NOT NULL CONSTRAINT revocation_lists_series CHECK (octet_length(series) = 32),
    -- the list's own number (RFC 5280 section 5.2.3), null where it has none
    number numeric CONSTRAINT revocation_lists_number CHECK (number >= 0 AND scale(number) = 0),
    this_update timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT revocation_lists_pkey PRIMARY KEY (series)
);

-- A row only ever goes forward, whoever writes it.
CREATE FUNCTION revocation_list_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.this_update < OLD.this_update OR NEW.number < OLD.number OR (NEW.number IS NULL AND OLD.number IS NOT NULL) THEN
        RAISE EXCEPTION 'a list goes forward only' USING ERRCODE = 'check_violation', CONSTRAINT = 'revocation_lists_forward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revocation_lists_forward BEFORE UPDATE ON revocation_lists FOR EACH ROW EXECUTE FUNCTION revocation_list_goes_forward();

GRANT SELECT, INSERT ON revocation_lists TO ininjo_program;
GRANT UPDATE (number, this_update, seen_at) ON revocation_lists TO ininjo_program;
GRANT SELECT ON revocation_lists TO ininjo_auditor;
