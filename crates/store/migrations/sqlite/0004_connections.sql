-- Connections to integrations, what their secrets are sealed with, and what was run on them.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. A *_key column holds a name as it is compared: lower case.

-- The keys that sealed something, by what is known of them; the keys themselves are never in the store.
CREATE TABLE sealing_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    -- From when on nothing is sealed with it and nothing may be any more.
    retired_at BIGINT
);

-- One row, which is locked first by whoever writes something sealed or changes keys: so they take turns.
CREATE TABLE sealing_turn (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1)
);
INSERT INTO sealing_turn (id) VALUES (1);

CREATE TABLE connections (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    integration          TEXT   NOT NULL,
    name                 TEXT   NOT NULL,
    name_key             TEXT   NOT NULL,
    -- None when it is shared to internal sites.
    site_id              BIGINT REFERENCES sites (id),
    -- The same as a value that can be compared: 0 for shared to internal sites.
    place                BIGINT NOT NULL,
    recipient_site_id    BIGINT REFERENCES sites (id),
    agent_name           TEXT,
    description          TEXT   NOT NULL,
    tenant               TEXT,
    active               BIGINT NOT NULL CHECK (active IN (0, 1)),
    health_check_minutes BIGINT CHECK (health_check_minutes > 0),
    health_check_email   TEXT,
    -- Rises with every change.
    version              BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    modified_at          BIGINT NOT NULL,
    CHECK (place = COALESCE(site_id, 0)),
    CHECK (site_id IS NULL OR recipient_site_id IS NULL),
    UNIQUE (integration, place, name_key)
);
CREATE INDEX connections_by_site ON connections (site_id);

-- Who may use a connection; nobody here means everybody with the right. A user who is named here is not deleted:
-- the list would become shorter, and an empty one means everybody.
CREATE TABLE connection_users (
    connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    user_id       BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (connection_id, user_id)
);
CREATE INDEX connection_users_by_user ON connection_users (user_id);

CREATE TABLE connection_parameters (
    connection_id BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- As the integration's manifest spells it.
    name          TEXT   NOT NULL,
    kind          TEXT   NOT NULL CHECK (kind IN ('Plain', 'Sealed', 'Reference')),
    -- The plain value, the sealed secret in base64, or the place where the secret is.
    value         TEXT   NOT NULL,
    -- Of a sealed secret: the key that sealed it.
    sealing_key   TEXT REFERENCES sealing_keys (id),
    CHECK ((kind = 'Sealed') = (sealing_key IS NOT NULL)),
    PRIMARY KEY (connection_id, name)
);
CREATE INDEX connection_parameters_by_sealing_key ON connection_parameters (sealing_key);

-- The processes that run commands, and when each last said that it lives.
CREATE TABLE nodes (
    id         TEXT   NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

-- Names stand beside numbers: a run outlives its user, key, site and connection.
CREATE TABLE runs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id          BIGINT NOT NULL,
    user_name        TEXT   NOT NULL,
    key_name         TEXT,
    site_id          BIGINT NOT NULL,
    site_name        TEXT   NOT NULL,
    connection_id    BIGINT NOT NULL,
    connection_name  TEXT   NOT NULL,
    integration      TEXT   NOT NULL,
    command          TEXT   NOT NULL,
    parameters       TEXT   NOT NULL,
    status           TEXT   NOT NULL
        CHECK (status IN ('Running', 'Successful', 'Failed', 'Cancelled', 'Interrupted')),
    started_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    outcome          TEXT,
    receipt          TEXT,
    request_id       TEXT   NOT NULL,
    node             TEXT   NOT NULL,
    cancel_requested BIGINT NOT NULL CHECK (cancel_requested IN (0, 1))
);
CREATE INDEX runs_running ON runs (node) WHERE status = 'Running';
CREATE INDEX runs_by_start ON runs (started_at);
CREATE INDEX runs_by_site ON runs (site_id, id);
CREATE INDEX runs_by_connection ON runs (connection_id, id);
