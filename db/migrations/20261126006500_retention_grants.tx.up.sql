-- SPDX-License-Identifier: Apache-2.0
-- What the erasure of a subject takes of tables that other migrations made.

GRANT SELECT, DELETE ON held_roles, attempts_to_sign_in, password_requests TO ininjo_retention;
