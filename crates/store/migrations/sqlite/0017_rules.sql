-- Rules: what is done about a finding that was opened or reopened. Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0.
CREATE TABLE finding_rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE,
    active      BIGINT NOT NULL CHECK (active IN (0, 1)),
    -- The rule, a JSON object.
    content     TEXT   NOT NULL,
    -- The user whose rights the rule has.
    user_id     BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The changes in the log up to this number were handled.
    after       BIGINT NOT NULL,
    -- Why something was not done the last time that this happened, and when.
    problem     TEXT,
    problem_at  BIGINT,
    -- Each change of the rule raises it.
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);

-- What a rule did about a collection.
CREATE TABLE finding_rule_collections (
    rule_id       BIGINT NOT NULL REFERENCES finding_rules (id) ON DELETE CASCADE,
    collection_id BIGINT NOT NULL REFERENCES finding_collections (id) ON DELETE CASCADE,
    -- Incidents that were made, or findings that were in alerts.
    made          BIGINT NOT NULL,
    -- Findings beyond the limit.
    left_out      BIGINT NOT NULL,
    -- Whether the alert with their number was written.
    told          BIGINT NOT NULL CHECK (told IN (0, 1)),
    PRIMARY KEY (rule_id, collection_id)
);
CREATE INDEX finding_rule_collections_to_tell ON finding_rule_collections (rule_id) WHERE left_out > 0 AND told = 0;

-- The incidents that rules made.
CREATE TABLE finding_rule_incidents (
    incident_id BIGINT NOT NULL PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
    rule_id     BIGINT NOT NULL REFERENCES finding_rules (id) ON DELETE CASCADE,
    -- What the incident is about: a finding, a device or a CVE.
    subject     TEXT   NOT NULL,
    -- Whether all its findings are fixed, and the rule has not tried to close it since.
    ripe        BIGINT NOT NULL CHECK (ripe IN (0, 1))
);
CREATE INDEX finding_rule_incidents_by_subject ON finding_rule_incidents (rule_id, subject);
CREATE INDEX finding_rule_incidents_ripe ON finding_rule_incidents (rule_id) WHERE ripe = 1;

-- The findings that an incident is about.
CREATE TABLE incident_findings (
    incident_id BIGINT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    finding_id  TEXT   NOT NULL,
    feed_id     BIGINT NOT NULL,
    -- The CVEs, with commas between them.
    cve         TEXT   NOT NULL,
    device      TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    tenant      TEXT   NOT NULL,
    connection  TEXT   NOT NULL,
    first_seen  TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    status      TEXT   NOT NULL CHECK (status IN ('open', 'reopened', 'fixed', 'gone')),
    -- The last change in the log that the rule handled.
    sequence    BIGINT NOT NULL,
    PRIMARY KEY (incident_id, finding_id)
);
CREATE INDEX incident_findings_by_finding ON incident_findings (finding_id);
CREATE INDEX incident_findings_unfixed ON incident_findings (incident_id) WHERE status <> 'fixed';
