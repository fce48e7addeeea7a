-- The key whose quota a kept answer counts for. 0 for answers from before there was a quota.
ALTER TABLE answers ADD COLUMN access_key_id BIGINT NOT NULL DEFAULT 0;

-- The number and the bytes of the answers that are kept for each key.
CREATE TABLE kept_answers (
    access_key_id BIGINT NOT NULL PRIMARY KEY,
    answers       BIGINT NOT NULL,
    bytes         BIGINT NOT NULL
);
