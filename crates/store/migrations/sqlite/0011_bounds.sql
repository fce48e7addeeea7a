-- INSERT OR REPLACE deletes a row without running the triggers on deletions, so an existing entry could be replaced.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END;

-- The key that a kept answer counts for; 0 for answers from before there was a quota.
ALTER TABLE answers ADD COLUMN access_key_id BIGINT NOT NULL DEFAULT 0;

-- How many answers are kept for each key, and their bytes.
CREATE TABLE kept_answers (
    access_key_id BIGINT NOT NULL PRIMARY KEY,
    answers       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
);
