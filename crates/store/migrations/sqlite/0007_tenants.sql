-- Master and tenant instances: whom this instance sends connections to, whom it takes them from, and what was synced.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. A *_key column holds a name as it is compared: lower case.

-- Who this instance is to others: an X25519 key pair. One row, once it is needed.
CREATE TABLE instance (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- In hexadecimal digits: what others know it by.
    public_key TEXT   NOT NULL,
    -- Sealed, in base64.
    secret     TEXT   NOT NULL
);

-- On a master: the instances that it sends connections to.
CREATE TABLE tenants (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT   NOT NULL,
    name_key       TEXT   NOT NULL,
    region         TEXT   NOT NULL,
    region_key     TEXT   NOT NULL,
    url            TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('Added', 'Registered', 'Revoked')),
    -- While it is not registered: the tenant's one-time key, sealed, in base64.
    onboarding_key TEXT,
    -- While it is registered: the name of the pair, which both know, and the secret of the pair, sealed, in base64.
    pair           TEXT,
    secret         TEXT,
    -- The tenant instance's public key.
    instance       TEXT,
    -- The number of the last message that was given out.
    sequence       BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    registered_at  BIGINT,
    revoked_at     BIGINT,
    CHECK ((state = 'Registered') = (secret IS NOT NULL)),
    UNIQUE (region_key, name_key)
);

-- On a tenant: its one-time keys.
CREATE TABLE tenant_keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Drawn from the key, and says nothing about it.
    name       TEXT   NOT NULL UNIQUE,
    -- Sealed, in base64; gone when the key is spent or revoked.
    secret     TEXT,
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at   BIGINT,
    revoked_at BIGINT
);

-- On a tenant: the instances that send it connections.
CREATE TABLE masters (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The master instance's public key.
    instance      TEXT   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    name_key      TEXT   NOT NULL UNIQUE,
    region        TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('Registered', 'Revoked')),
    -- The name of the pair; it stays when it is revoked, so that its messages are known for what they are.
    pair          TEXT   NOT NULL UNIQUE,
    -- Sealed, in base64; gone when it is revoked.
    secret        TEXT,
    -- The key that it came by; none once it is spent.
    tenant_key    BIGINT REFERENCES tenant_keys (id),
    -- What the master calls this instance.
    tenant_name   TEXT   NOT NULL,
    tenant_region TEXT   NOT NULL,
    -- The number of the last message that was taken; one that is not higher is refused.
    sequence      BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    seen_at       BIGINT,
    revoked_at    BIGINT,
    CHECK ((state = 'Registered') = (secret IS NOT NULL))
);

-- On a tenant: which connections are a master's.
CREATE TABLE received_connections (
    connection_id     BIGINT NOT NULL PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    master_id         BIGINT NOT NULL REFERENCES masters (id),
    -- Its number on the master.
    master_connection BIGINT NOT NULL,
    -- The Tenant Site that it was synced to.
    site_id           BIGINT NOT NULL REFERENCES sites (id),
    received_at       BIGINT NOT NULL,
    changed_at        BIGINT NOT NULL,
    UNIQUE (master_id, master_connection, site_id)
);

-- On a master: runs of Sync Connection. Names stand beside numbers: a run outlives what it is about.
CREATE TABLE sync_runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- What was asked for, as JSON.
    request     TEXT   NOT NULL,
    planned     BIGINT NOT NULL CHECK (planned IN (0, 1)),
    retry_of    BIGINT,
    username    TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    -- Until when it counts as under way unless it says otherwise.
    runs_until  BIGINT NOT NULL,
    tenants     BIGINT NOT NULL,
    tenants_failed BIGINT NOT NULL
);
CREATE INDEX sync_runs_by_start ON sync_runs (started_at);

CREATE TABLE sync_results (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id             BIGINT NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    -- None where the tenant that was asked for is not there.
    tenant_id          BIGINT,
    tenant             TEXT   NOT NULL,
    region             TEXT   NOT NULL,
    -- The connection's number on the master; none where it is about no single connection, such as a withdrawal that failed.
    connection_id      BIGINT,
    connection         TEXT   NOT NULL,
    integration        TEXT   NOT NULL,
    change             TEXT   NOT NULL CHECK (change IN ('Added', 'Changed', 'Unchanged', 'Withdrawn', 'Failed')),
    -- Whether it is about taking back what is no longer shared.
    withdrawal         BIGINT NOT NULL CHECK (withdrawal IN (0, 1)),
    code               TEXT,
    cause              TEXT,
    cure               TEXT,
    CHECK ((change = 'Failed') = (code IS NOT NULL))
);
CREATE INDEX sync_results_by_run ON sync_results (run_id, id);
CREATE INDEX sync_results_failed ON sync_results (run_id, tenant_id) WHERE change = 'Failed';
