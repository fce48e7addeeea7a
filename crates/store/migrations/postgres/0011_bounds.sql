-- The key that a kept answer counts for; 0 for answers from before there was a quota.
ALTER TABLE answers ADD COLUMN access_key_id BIGINT NOT NULL DEFAULT 0;

-- How many answers are kept for each key, and their bytes.
CREATE TABLE kept_answers (
    access_key_id BIGINT NOT NULL PRIMARY KEY,
    answers       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
);
