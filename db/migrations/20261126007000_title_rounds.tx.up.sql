-- A round is inserted only out of the row of titles that the same statement
-- updates, and that row refers to its delegation. Checking the reference once
-- more for each round took a quarter of the time in which 200,000 titles that
-- are due at once are enqueued.
ALTER TABLE title_rounds DROP CONSTRAINT title_rounds_delegation;
