-- SPDX-License-Identifier: Apache-2.0
-- The desk: the queue of cases, notes on them, the log of contacts (operating
-- rules 6.1), reviews of the logs (6.2.2) with their findings (2.6.5).

-- When a claim gives way by itself.
ALTER TABLE cases ADD COLUMN claimed_until timestamptz;
ALTER TABLE cases ADD CONSTRAINT cases_claimed_until_check CHECK ((claimed_by IS NULL) = (claimed_until IS NULL) AND claimed_until > claimed_at);
CREATE INDEX cases_queue_idx ON cases (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX cases_kind_idx ON cases (kind, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX cases_claimed_idx ON cases (claimed_by, due_at, id) WHERE closed_at IS NULL AND claimed_by IS NOT NULL;
CREATE INDEX cases_party_idx ON cases (party_id, due_at, id) WHERE closed_at IS NULL;
GRANT UPDATE (claimed_until) ON cases TO ininjo_program;

CREATE TABLE case_notes (
    id      text        CONSTRAINT case_notes_pkey PRIMARY KEY,
    case_id text        NOT NULL CONSTRAINT case_notes_case_fkey REFERENCES cases (id),
    by      text        NOT NULL,
    at      timestamptz NOT NULL,
    sealed  bytea       NOT NULL
);
CREATE INDEX case_notes_case_idx ON case_notes (case_id, at, id);
GRANT SELECT, INSERT ON case_notes TO ininjo_program;
GRANT SELECT, DELETE ON case_notes TO ininjo_retention;

CREATE TABLE contacts (
    id         text        CONSTRAINT contacts_pkey PRIMARY KEY,
    channel    text        NOT NULL CONSTRAINT contacts_channel_check CHECK (channel IN ('EMAIL', 'POST', 'HAND', 'TELEPHONE')),
    direction  text        NOT NULL CONSTRAINT contacts_direction_check CHECK (direction IN ('IN', 'OUT')),
    party_id   text,
    case_id    text        CONSTRAINT contacts_case_fkey REFERENCES cases (id),
    at         timestamptz NOT NULL,
    entered_by text        NOT NULL,
    entered_at timestamptz NOT NULL,
    sealed     bytea       NOT NULL,
    CONSTRAINT contacts_entered_check CHECK (at <= entered_at)
);
CREATE INDEX contacts_list_idx ON contacts (at, id);
CREATE INDEX contacts_channel_idx ON contacts (channel, at, id);
CREATE INDEX contacts_party_idx ON contacts (party_id, at, id);
CREATE INDEX contacts_case_idx ON contacts (case_id, at, id) WHERE case_id IS NOT NULL;
GRANT SELECT, INSERT ON contacts TO ininjo_program;
GRANT SELECT, DELETE ON contacts TO ininjo_retention;

CREATE TABLE reviews (
    id      text        CONSTRAINT reviews_pkey PRIMARY KEY,
    log     text        NOT NULL CONSTRAINT reviews_log_check CHECK (log IN ('AUDIT_LOG', 'AUTHENTICATION_LOG')),
    since   date        NOT NULL,
    through date        NOT NULL,
    by      text        NOT NULL,
    at      timestamptz NOT NULL,
    sealed  bytea       NOT NULL,
    CONSTRAINT reviews_period_check CHECK (through >= since)
);
CREATE INDEX reviews_list_idx ON reviews (through, at, id);

CREATE TABLE findings (
    id            text        CONSTRAINT findings_pkey PRIMARY KEY,
    review_id     text        NOT NULL CONSTRAINT findings_review_fkey REFERENCES reviews (id),
    ordinal       integer     NOT NULL CONSTRAINT findings_ordinal_check CHECK (ordinal >= 0),
    state         text        NOT NULL CONSTRAINT findings_state_check CHECK (state IN ('OPEN', 'ANSWERED', 'CONFIRMED')),
    sealed        bytea       NOT NULL,
    answer_sealed bytea,
    answered_by   text,
    answered_at   timestamptz,
    confirmed_by  text,
    confirmed_at  timestamptz,
    CONSTRAINT findings_once UNIQUE (review_id, ordinal),
    CONSTRAINT findings_answered_check CHECK (num_nulls(answer_sealed, answered_by, answered_at) = CASE state WHEN 'OPEN' THEN 3 ELSE 0 END),
    CONSTRAINT findings_confirmed_check CHECK (num_nulls(confirmed_by, confirmed_at) = CASE state WHEN 'CONFIRMED' THEN 0 ELSE 2 END),
    CONSTRAINT findings_two_persons_check CHECK (confirmed_by <> answered_by)
);
GRANT SELECT, INSERT ON reviews, findings TO ininjo_program;
GRANT UPDATE (state, answer_sealed, answered_by, answered_at, confirmed_by, confirmed_at) ON findings TO ininjo_program;
GRANT SELECT, DELETE ON reviews, findings TO ininjo_retention;
GRANT SELECT ON reviews, findings TO ininjo_auditor;

-- The auditor asks by actor and by action.
CREATE INDEX audit_events_actor_idx ON audit_events (actor_id, at);
CREATE INDEX audit_events_action_idx ON audit_events (action, at);
