-- Lists and searches of stores with a million incidents and ten thousand connections.

-- The words of each incident. The host splits texts into words, so that both databases find the same incidents.
CREATE TABLE incident_words (
    incident_id BIGINT   NOT NULL PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
    words       TSVECTOR NOT NULL
);
CREATE INDEX incident_words_found ON incident_words USING GIN (words);
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
