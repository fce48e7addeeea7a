-- Findings: what a connector lists per tenant, the log of changes, and the collections that read them.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0.

-- A tenant of a connection. Its rows outlive the connection until they are deleted in parts.
CREATE TABLE finding_feeds (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    connection_id   BIGINT NOT NULL,
    -- The product's id of the tenant. Empty for a product without tenants.
    tenant          TEXT   NOT NULL,
    tenant_name     TEXT   NOT NULL,
    -- The end of the first whole snapshot. NULL before it.
    baseline_at     BIGINT,
    UNIQUE (connection_id, tenant)
);

-- The devices that had findings. `device` stays the same when the product creates the device again with another id.
CREATE TABLE finding_devices (
    feed_id    BIGINT NOT NULL,
    device     TEXT   NOT NULL,
    product_id TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    PRIMARY KEY (feed_id, device),
    UNIQUE (feed_id, product_id)
) WITHOUT ROWID;

CREATE INDEX finding_devices_by_name ON finding_devices (feed_id, name, address);

-- The findings as they were last read.
CREATE TABLE findings (
    feed_id    BIGINT NOT NULL,
    device     TEXT   NOT NULL,
    -- A hash of the members that identify the finding on its device.
    finding    TEXT   NOT NULL,
    -- A hash of the fields whose change is a change of the finding, and a hash of all fields.
    counted    BIGINT NOT NULL,
    kept       BIGINT NOT NULL,
    status     TEXT   NOT NULL CHECK (status IN ('open', 'reopened', 'suppressed', 'fixed')),
    -- 0 after a whole snapshot did not have it.
    listed     BIGINT NOT NULL CHECK (listed IN (0, 1)),
    cve        TEXT   NOT NULL,
    first_at   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- The last change in the log.
    sequence   BIGINT NOT NULL,
    -- The fields, a JSON object.
    content    TEXT   NOT NULL,
    PRIMARY KEY (feed_id, device, finding)
) WITHOUT ROWID;
CREATE INDEX findings_by_cve ON findings (cve, feed_id);

-- The log of changes. Rows are only added, and deleted from the start when they expire.
CREATE TABLE finding_changes (
    sequence    INTEGER PRIMARY KEY,
    snapshot_id BIGINT NOT NULL,
    feed_id     BIGINT NOT NULL,
    device      TEXT   NOT NULL,
    finding     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('opened', 'changed', 'fixed', 'gone', 'reopened')),
    -- Whether it was written up to the first whole snapshot of its tenant.
    baseline    BIGINT NOT NULL CHECK (baseline IN (0, 1)),
    -- The status before. NULL for a finding that was not known.
    before      TEXT,
    -- The reason of a finding that is gone.
    reason      TEXT,
    -- The changed fields with their values, a JSON array.
    fields      TEXT   NOT NULL,
    content     TEXT   NOT NULL
);
CREATE INDEX finding_changes_by_finding ON finding_changes (feed_id, device, finding, sequence);

-- The counter of the log. A transaction that adds changes locks the row until it commits, so numbers are given out in
-- the order of commits.
CREATE TABLE finding_log (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    last_sequence  BIGINT NOT NULL,
    -- The changes up to this number were deleted.
    pruned_through BIGINT NOT NULL
);
INSERT INTO finding_log (id, last_sequence, pruned_through) VALUES (1, 0, 0);

-- Numbers between the two, both excluded, were given out by a store that a restored backup replaced.
CREATE TABLE finding_log_gaps (
    last_before BIGINT PRIMARY KEY,
    first_after BIGINT NOT NULL
);

CREATE TABLE finding_collections (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_at  BIGINT NOT NULL,
    user_name TEXT   NOT NULL,
    ended_at  BIGINT
);

-- One tenant of a collection. A host claims it under a lease, as other due work.
CREATE TABLE finding_snapshots (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id  BIGINT NOT NULL REFERENCES finding_collections (id) ON DELETE CASCADE,
    feed_id        BIGINT NOT NULL,
    -- Tenants of all connections take turns.
    turn           BIGINT NOT NULL,
    status         TEXT   NOT NULL CHECK (status IN ('Waiting', 'Running', 'Whole', 'Partial', 'Failed')),
    node           TEXT,
    claimed_until  BIGINT,
    started_at     BIGINT,
    ended_at       BIGINT,
    -- Why it is not whole, or failed.
    problem        TEXT,
    -- Whether it is the first whole one.
    baseline       BIGINT NOT NULL CHECK (baseline IN (0, 1)),
    rows_read      BIGINT NOT NULL,
    requests       BIGINT NOT NULL,
    opened         BIGINT NOT NULL,
    changed        BIGINT NOT NULL,
    fixed          BIGINT NOT NULL,
    gone           BIGINT NOT NULL,
    reopened       BIGINT NOT NULL,
    first_sequence BIGINT,
    last_sequence  BIGINT,
    CHECK ((node IS NULL) = (claimed_until IS NULL)),
    UNIQUE (collection_id, feed_id)
);
CREATE INDEX finding_snapshots_open ON finding_snapshots (collection_id, turn) WHERE ended_at IS NULL;
CREATE INDEX finding_snapshots_by_feed ON finding_snapshots (feed_id, id);

-- Where changes are sent, and up to which number they have arrived.
CREATE TABLE finding_deliveries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    destination   TEXT   NOT NULL UNIQUE,
    format        TEXT   NOT NULL,
    user_id       BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The changes up to this number have arrived.
    after         BIGINT NOT NULL,
    -- The last number of the batch that is being sent. A repeated attempt sends the same batch.
    through       BIGINT,
    node          TEXT,
    claimed_until BIGINT,
    attempts      BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    problem       TEXT,
    CHECK ((node IS NULL) = (claimed_until IS NULL))
);
