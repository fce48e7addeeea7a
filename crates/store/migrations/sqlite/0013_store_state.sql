-- The state of the store itself, in one row.
CREATE TABLE store_state (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Whether all name_key columns have the current form of comparison (NFC, caseless), and not lower case.
    names_keyed BIGINT NOT NULL CHECK (names_keyed IN (0, 1)),
    -- How often the store was restored from a backup, and the time of the last restore.
    epoch       BIGINT NOT NULL,
    restored_at BIGINT
);
INSERT INTO store_state (id, names_keyed, epoch) VALUES (1, 0, 0);
