-- What runs by itself and when: health checks of connections, schedules of commands; what came of it; and alerts.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. A *_key column holds a name as it is compared: lower case.
CREATE TABLE schedules (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT   NOT NULL CHECK (kind IN ('Health Check', 'Command')),
    -- A health check has its connection's name, and as many connections of one name as there are.
    name          TEXT   NOT NULL,
    name_key      TEXT   NOT NULL,
    -- None: of a connection that is shared to internal sites.
    site_id       BIGINT REFERENCES sites (id) ON DELETE CASCADE,
    connection_id BIGINT NOT NULL,
    -- The server's address, by which alerts are gathered.
    server        TEXT   NOT NULL,
    -- In whose name a command runs; none for a health check.
    user_id       BIGINT REFERENCES users (id) ON DELETE CASCADE,
    command       TEXT   NOT NULL,
    -- The command's parameters, a JSON object.
    parameters    TEXT   NOT NULL,
    -- Whether it may run again when the node that ran it died: a command that only reads may.
    repeatable    BIGINT NOT NULL CHECK (repeatable IN (0, 1)),
    interval_ms   BIGINT CHECK (interval_ms > 0),
    cron          TEXT,
    time_zone     TEXT,
    active        BIGINT NOT NULL CHECK (active IN (0, 1)),
    next_due_at   BIGINT NOT NULL,
    -- Who is told when it fails: a JSON array of destinations.
    alert_to      TEXT   NOT NULL,
    -- After how many failures in a row.
    alert_after   BIGINT NOT NULL CHECK (alert_after > 0),
    -- From how many milliseconds on a successful check is a slow one.
    slow_ms       BIGINT NOT NULL CHECK (slow_ms > 0),
    created_at    BIGINT NOT NULL,
    modified_at   BIGINT NOT NULL,
    CHECK ((interval_ms IS NULL) <> (cron IS NULL)),
    CHECK ((cron IS NULL) = (time_zone IS NULL))
);
CREATE INDEX schedules_due ON schedules (next_due_at) WHERE active = 1;
CREATE INDEX schedules_by_connection ON schedules (connection_id);
CREATE UNIQUE INDEX schedules_one_check ON schedules (connection_id) WHERE kind = 'Health Check';
CREATE UNIQUE INDEX schedules_names ON schedules (site_id, name_key) WHERE kind = 'Command';

-- What is due and not yet done. A row is a promise: it goes when the result is written, in the same transaction.
CREATE TABLE work (
    schedule_id   BIGINT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    due_at        BIGINT NOT NULL,
    -- Rises each time that it is handed out; only the latest holder may write the result.
    attempt       BIGINT NOT NULL,
    enqueued_at   BIGINT NOT NULL,
    -- Who does it, and until when it is theirs unless they say that they live.
    node          TEXT,
    claimed_until BIGINT,
    PRIMARY KEY (schedule_id, due_at)
);
CREATE INDEX work_waiting ON work (enqueued_at) WHERE node IS NULL;
CREATE INDEX work_claimed ON work (claimed_until) WHERE node IS NOT NULL;

-- The history of health checks, one row for each due time.
CREATE TABLE checks (
    connection_id BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL,
    result        TEXT   NOT NULL CHECK (result IN ('Healthy', 'Degraded', 'Failing')),
    latency_ms    BIGINT NOT NULL,
    -- The Error tab of a failed one, or why it is degraded.
    detail        TEXT,
    node          TEXT   NOT NULL,
    PRIMARY KEY (connection_id, due_at)
);
CREATE INDEX checks_by_end ON checks (ended_at);

-- The same counted by the hour, for the uptime of a month without its history.
CREATE TABLE check_hours (
    connection_id BIGINT NOT NULL,
    -- Hours since 1970.
    hour          BIGINT NOT NULL,
    passed        BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    PRIMARY KEY (connection_id, hour)
);
CREATE INDEX check_hours_by_hour ON check_hours (hour);

-- The log of schedules: what each run was given, gave, and why it failed.
CREATE TABLE schedule_runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule_id BIGINT NOT NULL,
    site_id     BIGINT,
    name        TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    status      TEXT   NOT NULL CHECK (status IN ('Successful', 'Failed', 'Interrupted')),
    input       TEXT   NOT NULL,
    output      TEXT   NOT NULL,
    error       TEXT,
    request_id  TEXT   NOT NULL,
    node        TEXT   NOT NULL,
    UNIQUE (schedule_id, due_at)
);
CREATE INDEX schedule_runs_by_end ON schedule_runs (ended_at);

-- How each schedule fares.
CREATE TABLE health (
    schedule_id    BIGINT NOT NULL PRIMARY KEY REFERENCES schedules (id) ON DELETE CASCADE,
    state          TEXT   NOT NULL CHECK (state IN ('Unknown', 'Healthy', 'Degraded', 'Failing')),
    since          BIGINT NOT NULL,
    last_check_at  BIGINT,
    last_proof_at  BIGINT,
    last_error     TEXT,
    last_error_at  BIGINT,
    -- Why it is degraded.
    notice         TEXT,
    latency_ms     BIGINT,
    failures       BIGINT NOT NULL,
    successes      BIGINT NOT NULL,
    -- The latest results as bits, newest lowest, 1 for failed; and how many of them there are.
    recent         BIGINT NOT NULL,
    recent_count   BIGINT NOT NULL,
    alerted        BIGINT NOT NULL CHECK (alerted IN (0, 1))
);

-- What each destination is to hear, or has heard and waits for the end of.
CREATE TABLE alerts (
    destination  TEXT   NOT NULL,
    server       TEXT   NOT NULL,
    schedule_id  BIGINT NOT NULL,
    subject      TEXT   NOT NULL,
    site         TEXT   NOT NULL,
    reason       TEXT   NOT NULL CHECK (reason IN ('Failing', 'Flapping')),
    detail       TEXT   NOT NULL,
    opened_at    BIGINT NOT NULL,
    announced_at BIGINT,
    closed_at    BIGINT,
    PRIMARY KEY (destination, server, schedule_id)
);
CREATE INDEX alerts_to_tell ON alerts (destination, server) WHERE announced_at IS NULL OR closed_at IS NOT NULL;
CREATE INDEX alerts_by_schedule ON alerts (schedule_id);

-- Messages on their way. They are written in the transaction that decides on them, and kept until they arrived.
CREATE TABLE messages (
    id              TEXT   NOT NULL PRIMARY KEY,
    destination     TEXT   NOT NULL,
    -- What it says, a JSON object.
    content         TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT,
    delivered_at    BIGINT
);
CREATE INDEX messages_waiting ON messages (next_attempt_at) WHERE delivered_at IS NULL;
CREATE INDEX messages_delivered ON messages (delivered_at) WHERE delivered_at IS NOT NULL;
