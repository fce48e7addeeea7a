-- Lists and searches of stores with a million incidents and ten thousand connections.

-- The words of each incident, by the incident's id. The host splits texts into words, so that both databases find the
-- same incidents.
CREATE VIRTUAL TABLE incident_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
-- The host still has to add the words of the incidents up to this id.
ALTER TABLE store_state ADD COLUMN words_left BIGINT NOT NULL DEFAULT 0;
UPDATE store_state SET words_left = (SELECT COALESCE(MAX(id), 0) FROM incidents);

CREATE INDEX incidents_open ON incidents (site_id, created_at, id) WHERE status = 'Open';
CREATE INDEX incidents_by_severity ON incidents (site_id, severity, created_at, id);
CREATE INDEX incidents_by_owner ON incidents (owner, created_at, id) WHERE owner IS NOT NULL;

CREATE INDEX health_by_state ON health (state);
-- The order in which connections are listed.
CREATE INDEX connections_in_order ON connections (integration, name_key, place);
CREATE INDEX connections_by_agent ON connections (agent_name, place) WHERE agent_name IS NOT NULL;

-- The hours of a connection lie side by side, since a page reads all of them.
DROP INDEX check_hours_by_hour;
ALTER TABLE check_hours RENAME TO check_hours_before;
CREATE TABLE check_hours (
    connection_id BIGINT NOT NULL,
    -- Hours since 1970.
    hour          BIGINT NOT NULL,
    passed        BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    PRIMARY KEY (connection_id, hour)
) WITHOUT ROWID;
INSERT INTO check_hours (connection_id, hour, passed, failed)
SELECT connection_id, hour, passed, failed FROM check_hours_before ORDER BY connection_id, hour;
DROP TABLE check_hours_before;
CREATE INDEX check_hours_by_hour ON check_hours (hour);
