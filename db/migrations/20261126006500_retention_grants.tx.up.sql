-- SPDX-License-Identifier: Apache-2.0
-- What the erasure of a subject takes of tables that other migrations made.

GRANT SELECT, DELETE ON held_roles TO ininjo_retention;
