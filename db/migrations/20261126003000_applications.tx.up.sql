-- SPDX-License-Identifier: Apache-2.0
-- Registrations from the first word to the decision (5.2, 3.1), changes of what
-- was stated (3.2), and questions about them (6.1, 10.2.1). Runs as ininjo_owner.

ALTER TABLE parties
    -- How often it was stated; each version stands in party_versions.
    ADD COLUMN version integer NOT NULL DEFAULT 0 CONSTRAINT parties_version_check CHECK (version >= 0),
    -- When the e-mail address was proved, and when a link for it was last sent.
    ADD COLUMN proved_at timestamptz,
    ADD COLUMN proof_sent_at timestamptz,
    -- Staff who entered it for a party that came by other ways.
    ADD COLUMN entered_by text,
    ADD COLUMN came_by text CONSTRAINT parties_came_by_check CHECK (came_by IN ('POST', 'HAND', 'TELEPHONE', 'EMAIL')),
    ADD CONSTRAINT parties_entered_check CHECK ((entered_by IS NULL) = (came_by IS NULL)),
    DROP CONSTRAINT parties_state_check,
    ADD CONSTRAINT parties_state_check CHECK (state IN ('APPLIED', 'ACTIVE', 'REFUSED', 'WITHDRAWN', 'ENDED'));
UPDATE parties p SET proved_at = (SELECT min(m.confirmed_at) FROM mail_addresses m WHERE m.party_id = p.id);
GRANT UPDATE (sealed, number, language, terms_id, applied_at, name_shown, version, proved_at, proof_sent_at, entered_by, came_by) ON parties TO ininjo_program;
GRANT UPDATE (sealed, email_hash) ON accounts TO ininjo_program;
-- What waited before this migration waits for a person from now on.
INSERT INTO cases (id, kind, subject_id, party_id, opened_at, due_at)
SELECT 'cas_' || substr(md5(id || 'case'), 1, 26), 'APPLICATION', id, id, applied_at, applied_at + interval '5 days'
FROM parties WHERE state = 'APPLIED' AND proved_at IS NOT NULL;

-- What a party stated, each time: append-only.
CREATE TABLE party_versions (
    id         text        CONSTRAINT party_versions_pkey PRIMARY KEY,
    party_id   text        NOT NULL CONSTRAINT party_versions_party_fkey REFERENCES parties (id),
    version    integer     NOT NULL CONSTRAINT party_versions_version_check CHECK (version >= 0),
    cause      text        NOT NULL CONSTRAINT party_versions_cause_check CHECK (cause IN ('APPLIED', 'CORRECTED', 'REAPPLIED', 'CHANGED')),
    number     text        NOT NULL,
    sealed     bytea       NOT NULL,
    name_shown boolean     NOT NULL,
    language   text        NOT NULL,
    terms_id   text,
    at         timestamptz NOT NULL,
    CONSTRAINT party_versions_version_key UNIQUE (party_id, version)
);
GRANT SELECT, INSERT ON party_versions TO ininjo_program;
GRANT SELECT, DELETE ON party_versions TO ininjo_retention;

-- What the National Tax Agency published of a corporate number when it was stated.
CREATE TABLE party_lookups (
    id       text        CONSTRAINT party_lookups_pkey PRIMARY KEY,
    party_id text        NOT NULL CONSTRAINT party_lookups_party_fkey REFERENCES parties (id),
    outcome  text        NOT NULL CONSTRAINT party_lookups_outcome_check CHECK (outcome IN ('NOT_LOOKED_UP', 'UNAVAILABLE', 'NOT_PUBLISHED', 'PUBLISHED', 'CLOSED')),
    name     text        CONSTRAINT party_lookups_name_check CHECK (name IN ('MATCH', 'POSSIBLE', 'MISMATCH')),
    address  text        CONSTRAINT party_lookups_address_check CHECK (address IN ('MATCH', 'POSSIBLE', 'MISMATCH')),
    sealed   bytea       NOT NULL,
    at       timestamptz NOT NULL,
    CONSTRAINT party_lookups_compared_check CHECK ((outcome IN ('PUBLISHED', 'CLOSED')) = (name IS NOT NULL AND address IS NOT NULL))
);
CREATE INDEX party_lookups_party_idx ON party_lookups (party_id, at DESC, id DESC);
GRANT SELECT, INSERT ON party_lookups TO ininjo_program;
GRANT SELECT, DELETE ON party_lookups TO ininjo_retention;

-- A wish to change what was stated. What is asked for stands in change_versions,
-- since a correction is a version of its own.
CREATE TABLE changes (
    id             text        CONSTRAINT changes_pkey PRIMARY KEY,
    party_id       text        NOT NULL CONSTRAINT changes_party_fkey REFERENCES parties (id),
    number         text        NOT NULL CONSTRAINT changes_number_key UNIQUE,
    state          text        NOT NULL CONSTRAINT changes_state_check CHECK (state IN ('UNPROVED', 'WAITING', 'ACCEPTED', 'REFUSED', 'WITHDRAWN')),
    version        integer     NOT NULL CONSTRAINT changes_version_check CHECK (version > 0),
    needs_approval boolean     NOT NULL,
    needs_register boolean     NOT NULL,
    requested_at   timestamptz NOT NULL,
    requested_by   text        NOT NULL,
    proved_at      timestamptz,
    entered_by     text,
    came_by        text        CONSTRAINT changes_came_by_check CHECK (came_by IN ('POST', 'HAND', 'TELEPHONE', 'EMAIL')),
    decided_at     timestamptz,
    decided_by     text,
    refusals       bytea,
    CONSTRAINT changes_decided_check CHECK ((state IN ('UNPROVED', 'WAITING')) = (decided_at IS NULL)),
    CONSTRAINT changes_decider_check CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT changes_refused_check CHECK ((state = 'REFUSED') = (refusals IS NOT NULL)),
    CONSTRAINT changes_entered_check CHECK ((entered_by IS NULL) = (came_by IS NULL)),
    CONSTRAINT changes_four_eyes_check CHECK (NOT needs_approval OR state NOT IN ('ACCEPTED', 'REFUSED') OR decided_by IS DISTINCT FROM entered_by)
);
CREATE INDEX changes_party_idx ON changes (party_id, requested_at DESC, id DESC);
CREATE UNIQUE INDEX changes_open_key ON changes (party_id) WHERE state IN ('UNPROVED', 'WAITING');
GRANT SELECT, INSERT, UPDATE (state, version, needs_approval, needs_register, proved_at, decided_at, decided_by, refusals) ON changes TO ininjo_program;
GRANT SELECT, DELETE ON changes TO ininjo_retention;

CREATE TABLE change_versions (
    change_id text        NOT NULL CONSTRAINT change_versions_change_fkey REFERENCES changes (id),
    version   integer     NOT NULL CONSTRAINT change_versions_version_check CHECK (version > 0),
    sealed    bytea       NOT NULL,
    at        timestamptz NOT NULL,
    CONSTRAINT change_versions_pkey PRIMARY KEY (change_id, version)
);
GRANT SELECT, INSERT ON change_versions TO ininjo_program;
GRANT SELECT, DELETE ON change_versions TO ininjo_retention;

-- One question with at most one answer: reception's about an application or a
-- change, or a party's to the service.
CREATE TABLE questions (
    id          text        CONSTRAINT questions_pkey PRIMARY KEY,
    about       text        NOT NULL CONSTRAINT questions_about_check CHECK (about IN ('APPLICATION', 'CHANGE', 'SERVICE')),
    subject_id  text        NOT NULL,
    party_id    text        NOT NULL CONSTRAINT questions_party_fkey REFERENCES parties (id),
    field       text,
    sealed      bytea       NOT NULL,
    asked_by    text        NOT NULL,
    asked_at    timestamptz NOT NULL,
    answer      bytea,
    answered_by text,
    answered_at timestamptz,
    CONSTRAINT questions_answered_check CHECK (num_nulls(answer, answered_by, answered_at) IN (0, 3)),
    CONSTRAINT questions_subject_check CHECK ((about = 'SERVICE') = (subject_id = id)),
    CONSTRAINT questions_order_check CHECK (answered_at >= asked_at)
);
CREATE INDEX questions_subject_idx ON questions (subject_id, asked_at, id);
CREATE INDEX questions_party_idx ON questions (party_id, asked_at DESC, id DESC);
GRANT SELECT, INSERT, UPDATE (answer, answered_by, answered_at) ON questions TO ininjo_program;
GRANT SELECT, DELETE ON questions TO ininjo_retention;
