-- SPDX-License-Identifier: Apache-2.0
-- The inquiries' hot table keeps its primary key and no other index: every
-- answer waits for its insert. What a recipient asked is found by a table that a
-- job fills behind (db/inquiry_index.go). IDs of inquiries begin with their
-- instant, so that the job and the newest end of the list go by the primary key.

DROP INDEX inquiries_by_recipient;

CREATE TABLE inquiry_index (
    recipient_id text NOT NULL,
    answered_at timestamptz NOT NULL,
    inquiry_id text NOT NULL,
    CONSTRAINT inquiry_index_pkey PRIMARY KEY (recipient_id, answered_at, inquiry_id)
);
INSERT INTO inquiry_index SELECT recipient_id, answered_at, id FROM inquiries WHERE recipient_id <> '';

-- Up to which instant the index is whole, and the first ID of that instant.
CREATE TABLE inquiry_index_mark (
    one boolean CONSTRAINT inquiry_index_mark_pkey PRIMARY KEY DEFAULT true CONSTRAINT inquiry_index_mark_one CHECK (one),
    until timestamptz NOT NULL,
    id text NOT NULL
);
-- IDs of before did not begin with their instant: what there is is in the index,
-- and the last of it is older than the mark.
INSERT INTO inquiry_index_mark (until, id)
SELECT coalesce(date_trunc('milliseconds', max(answered_at)) + interval '1 millisecond', 'epoch'), '' FROM inquiries;

GRANT SELECT, INSERT, DELETE ON inquiry_index TO ininjo_program;
GRANT SELECT, UPDATE (until, id) ON inquiry_index_mark TO ininjo_program;
GRANT SELECT, DELETE ON inquiry_index TO ininjo_retention;
GRANT SELECT ON inquiry_index, inquiry_index_mark TO ininjo_auditor;
