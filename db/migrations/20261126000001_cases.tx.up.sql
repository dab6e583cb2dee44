-- SPDX-License-Identifier: Apache-2.0
-- What waits for a person of the provider: one queue for every kind of work.

CREATE TABLE cases (
    id         text        CONSTRAINT cases_pkey PRIMARY KEY,
    kind       text        NOT NULL CONSTRAINT cases_kind_check CHECK (kind IN ('APPLICATION', 'CHANGE', 'FILING', 'TITLE', 'QUESTION')),
    subject_id text        NOT NULL,
    party_id   text,
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    -- Staff who entered it for a party; nobody decides on what they entered.
    entered_by text,
    claimed_by text,
    claimed_at timestamptz,
    closed_at  timestamptz,
    closed_by  text,
    outcome    text,
    CONSTRAINT cases_due_check CHECK (due_at >= opened_at),
    CONSTRAINT cases_claimed_check CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)),
    CONSTRAINT cases_closed_check CHECK (num_nulls(closed_at, closed_by, outcome) IN (0, 3)),
    CONSTRAINT cases_four_eyes_check CHECK (closed_by IS DISTINCT FROM entered_by OR closed_by IS NULL)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX cases_open_key ON cases (kind, subject_id) WHERE closed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (claimed_by, claimed_at, closed_at, closed_by, outcome) ON cases TO ininjo_program;
GRANT SELECT, DELETE ON cases TO ininjo_retention;
