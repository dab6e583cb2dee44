-- SPDX-License-Identifier: Apache-2.0
-- Notices by post (2.3.2 (4)): each waits until reception has printed and posted it.

CREATE TABLE letters (
    id text CONSTRAINT letters_pkey PRIMARY KEY,
    party_id text NOT NULL CONSTRAINT letters_party REFERENCES parties (id),
    announcement_id text NOT NULL,
    -- Name, address and representative, as they were when it was written.
    sealed bytea NOT NULL,
    language text NOT NULL CONSTRAINT letters_language CHECK (language IN ('ja', 'en')),
    reason text NOT NULL CONSTRAINT letters_reason CHECK (reason IN ('NO_ADDRESS', 'SUPPRESSED', 'REFUSED', 'BOUNCED', 'GIVEN_UP')),
    created_at timestamptz NOT NULL,
    printed_at timestamptz,
    printed_by text,
    posted_at timestamptz,
    posted_by text,
    -- A party gets a notice by post once, whatever becomes of how many mails.
    CONSTRAINT letters_once UNIQUE (party_id, announcement_id),
    CONSTRAINT letters_printed CHECK ((printed_at IS NULL) = (printed_by IS NULL)),
    CONSTRAINT letters_posted CHECK ((posted_at IS NULL) = (posted_by IS NULL) AND (posted_at IS NULL OR printed_at IS NOT NULL))
);
CREATE INDEX letters_by_time ON letters (created_at, id);
CREATE INDEX letters_by_announcement ON letters (announcement_id);

GRANT SELECT, INSERT ON letters TO ininjo_program;
GRANT UPDATE (printed_at, printed_by, posted_at, posted_by) ON letters TO ininjo_program;
GRANT SELECT, DELETE ON letters TO ininjo_retention;
