-- SPDX-License-Identifier: Apache-2.0
-- Nobody erases alone, not even at a person's own request: what was released by
-- whoever prepared it before this stays as it is.
ALTER TABLE retention_runs DROP CONSTRAINT retention_runs_four_eyes_check;
ALTER TABLE retention_runs ADD CONSTRAINT retention_runs_four_eyes_check CHECK (released_by IS NULL OR released_by <> prepared_by) NOT VALID;

-- A contact is kept for its own period, though its case ends before it.
ALTER TABLE contacts DROP CONSTRAINT contacts_case_fkey,
    ADD CONSTRAINT contacts_case_fkey FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE SET NULL;
