-- SPDX-License-Identifier: Apache-2.0
-- Announcements: one notice to all parties of an audience, prepared by one person
-- and released by another, told batch by batch.

CREATE TABLE announcements (
    id text CONSTRAINT announcements_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT announcements_kind CHECK (kind IN ('GENERAL', 'OUTAGE', 'COMPROMISE', 'RECOVERY', 'CLOSING')),
    audience text NOT NULL CONSTRAINT announcements_audience CHECK (audience IN ('DELEGATORS', 'RECIPIENTS', 'BOTH')),
    letters boolean NOT NULL,
    title_ja text NOT NULL,
    title_en text NOT NULL,
    text_ja text NOT NULL,
    text_en text NOT NULL,
    closes_on date,
    prepared_by text NOT NULL,
    prepared_at timestamptz NOT NULL,
    released_by text,
    released_at timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    stopped_by text,
    stopped_at timestamptz,
    finished_at timestamptz,
    -- How many parties there were at the release, and how far the telling came.
    parties integer NOT NULL DEFAULT 0 CONSTRAINT announcements_parties_check CHECK (parties >= 0),
    told integer NOT NULL DEFAULT 0 CONSTRAINT announcements_told CHECK (told >= 0),
    reached text NOT NULL DEFAULT '',
    CONSTRAINT announcements_two CHECK (released_by <> prepared_by),
    CONSTRAINT announcements_released CHECK ((released_by IS NULL) = (released_at IS NULL)),
    CONSTRAINT announcements_withdrawn CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL) AND (withdrawn_at IS NULL OR released_at IS NULL)),
    CONSTRAINT announcements_stopped CHECK ((stopped_by IS NULL) = (stopped_at IS NULL) AND (stopped_at IS NULL OR released_at IS NOT NULL)),
    CONSTRAINT announcements_finished CHECK (finished_at IS NULL OR released_at IS NOT NULL AND stopped_at IS NULL),
    -- 6.3.1, 6.3.3 and 2.1.1 reach everybody.
    CONSTRAINT announcements_letters CHECK (letters OR kind = 'GENERAL'),
    CONSTRAINT announcements_closing CHECK ((kind = 'CLOSING') = (closes_on IS NOT NULL) AND (kind <> 'CLOSING' OR audience = 'BOTH'))
) WITH (fillfactor = 70);
CREATE INDEX announcements_by_time ON announcements (prepared_at, id);
CREATE INDEX announcements_running ON announcements (released_at) WHERE released_at IS NOT NULL AND finished_at IS NULL;

-- Who was told, once, and over which channels.
CREATE TABLE announcement_parties (
    announcement_id text NOT NULL CONSTRAINT announcement_parties_announcement REFERENCES announcements (id),
    party_id text NOT NULL CONSTRAINT announcement_parties_party REFERENCES parties (id),
    at timestamptz NOT NULL,
    mails integer NOT NULL,
    mailed_at timestamptz,
    letter_at timestamptz,
    posted_at timestamptz,
    CONSTRAINT announcement_parties_pkey PRIMARY KEY (announcement_id, party_id)
) WITH (fillfactor = 70);
CREATE INDEX announcement_parties_by_party ON announcement_parties (party_id);

ALTER TABLE letters ADD CONSTRAINT letters_announcement FOREIGN KEY (announcement_id) REFERENCES announcements (id);

-- A change of the service concerns one party and no delegation.
ALTER TABLE outbox ADD COLUMN party_id text, ADD COLUMN announcement_id text;
ALTER TABLE notices ADD COLUMN announcement_id text;
ALTER TABLE deliveries ADD COLUMN announcement_id text;
CREATE INDEX deliveries_by_announcement ON deliveries (announcement_id, party_id) WHERE announcement_id IS NOT NULL;
ALTER TABLE mails ADD COLUMN announcement_id text;
CREATE INDEX mails_by_announcement ON mails (announcement_id, party_id) WHERE announcement_id IS NOT NULL;

GRANT SELECT, INSERT ON announcements, announcement_parties TO ininjo_program;
GRANT UPDATE (released_by, released_at, withdrawn_by, withdrawn_at, stopped_by, stopped_at, finished_at, parties, told, reached) ON announcements TO ininjo_program;
GRANT UPDATE (mailed_at, letter_at, posted_at) ON announcement_parties TO ininjo_program;
GRANT SELECT ON announcements TO ininjo_retention;
GRANT SELECT, DELETE ON announcement_parties TO ininjo_retention;
