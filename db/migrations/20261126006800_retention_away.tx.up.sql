-- SPDX-License-Identifier: Apache-2.0
-- An archive whose medium is not there when its run is executed is left for a
-- later run. Runs as ininjo_owner.
ALTER TABLE retention_items DROP CONSTRAINT retention_items_outcome_check,
    ADD CONSTRAINT retention_items_outcome_check CHECK (outcome IN ('ERASED', 'HELD', 'NOT_OVER', 'GONE', 'AWAY') AND (outcome <> 'AWAY' OR subject_kind = 'ARCHIVE'));
