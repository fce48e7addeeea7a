-- Incidents with their tasks and dynamic fields, cases, and the links among them.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. Users are named by text: a record outlives its user.
-- `version` rises with every change of an incident or case, of its tasks and fields, and of its links.
CREATE TABLE incidents (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    number        TEXT   NOT NULL UNIQUE,
    title         TEXT   NOT NULL CHECK (LENGTH(title) <= 100),
    description   TEXT   NOT NULL,
    incident_type TEXT   NOT NULL,
    site_id       BIGINT NOT NULL REFERENCES sites (id),
    owner         TEXT,
    assignee      TEXT,
    severity      TEXT   NOT NULL CHECK (severity IN ('Critical', 'High', 'Medium', 'Low', 'Informational')),
    status        TEXT   NOT NULL CHECK (status IN ('Open', 'Closed')),
    disposition   TEXT   NOT NULL,
    conclusion    TEXT   NOT NULL,
    raw_data      TEXT,
    due_at        BIGINT,
    creator       TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    modified_at   BIGINT NOT NULL,
    closed_at     BIGINT,
    closed_by     TEXT,
    version       BIGINT NOT NULL,
    CHECK ((status = 'Closed') = (closed_at IS NOT NULL))
);
CREATE INDEX incidents_by_site ON incidents (site_id, created_at, id);

CREATE TABLE incident_tasks (
    incident_id BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    required    BIGINT NOT NULL CHECK (required IN (0, 1)),
    done        BIGINT NOT NULL CHECK (done IN (0, 1)),
    PRIMARY KEY (incident_id, position),
    UNIQUE (incident_id, name)
);
CREATE INDEX incident_tasks_pending ON incident_tasks (incident_id) WHERE required = 1 AND done = 0;

CREATE TABLE incident_fields (
    incident_id       BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    position          BIGINT NOT NULL,
    section           TEXT   NOT NULL,
    name              TEXT   NOT NULL,
    kind              TEXT   NOT NULL CHECK (kind IN ('Activity', 'Info Activity')),
    required_on_close BIGINT NOT NULL CHECK (required_on_close IN (0, 1)),
    value             TEXT,
    PRIMARY KEY (incident_id, position),
    UNIQUE (incident_id, section, name)
);
CREATE INDEX incident_fields_missing ON incident_fields (incident_id) WHERE required_on_close = 1 AND value IS NULL;

CREATE TABLE cases (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    number      TEXT   NOT NULL UNIQUE,
    title       TEXT   NOT NULL CHECK (LENGTH(title) <= 100),
    description TEXT   NOT NULL,
    case_type   TEXT   NOT NULL,
    site_id     BIGINT NOT NULL REFERENCES sites (id),
    owner       TEXT,
    priority    TEXT   NOT NULL,
    time_zone   TEXT   NOT NULL,
    status      TEXT   NOT NULL CHECK (status IN ('Open', 'Closed')),
    creator     TEXT   NOT NULL,
    reported_at BIGINT,
    created_at  BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    closed_at   BIGINT,
    closed_by   TEXT,
    version     BIGINT NOT NULL,
    CHECK ((status = 'Closed') = (closed_at IS NOT NULL))
);
CREATE INDEX cases_by_site ON cases (site_id, created_at, id);

CREATE TABLE case_incidents (
    case_id     BIGINT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    incident_id BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    linked_at   BIGINT NOT NULL,
    linked_by   TEXT   NOT NULL,
    PRIMARY KEY (case_id, incident_id)
);
CREATE INDEX case_incidents_by_incident ON case_incidents (incident_id);

-- Two incidents that are linked with each other; one row per pair.
CREATE TABLE incident_links (
    low_id    BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    high_id   BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    linked_at BIGINT NOT NULL,
    linked_by TEXT   NOT NULL,
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id < high_id)
);
CREATE INDEX incident_links_by_high ON incident_links (high_id);

-- The last number given out on a day, such as 198 of 20210127-198.
CREATE TABLE number_series (
    kind TEXT   NOT NULL CHECK (kind IN ('incident', 'case')),
    day  TEXT   NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (kind, day)
);
