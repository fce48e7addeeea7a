-- Proxy agents, which connections name, and inactive sites.
CREATE TABLE agents (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE,
    -- The only site whose connections may use it. NULL for all sites.
    site_id     BIGINT REFERENCES sites (id),
    -- The proxy's address, such as http://proxy.example.com:3128. The secret is sent to no other address.
    address     TEXT   NOT NULL,
    user_name   TEXT,
    description TEXT   NOT NULL,
    secret_kind TEXT   CHECK (secret_kind IN ('Sealed', 'Reference')),
    -- The sealed secret in base64, or the reference to the secret.
    secret      TEXT,
    -- The key that sealed the secret. NULL for a reference.
    sealing_key TEXT   REFERENCES sealing_keys (id),
    -- Each change raises it.
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    CHECK ((secret IS NULL) = (secret_kind IS NULL)),
    CHECK ((sealing_key IS NOT NULL) = (secret IS NOT NULL AND secret_kind = 'Sealed'))
);
CREATE INDEX agents_by_site ON agents (site_id);
CREATE INDEX agents_by_sealing_key ON agents (sealing_key);

-- An inactive site runs nothing and takes no sync.
ALTER TABLE sites ADD COLUMN active BIGINT NOT NULL DEFAULT 1 CHECK (active IN (0, 1));
-- On a tenant: the master that set the site inactive. NULL if this instance did, or if the site is active.
ALTER TABLE sites ADD COLUMN deactivated_by BIGINT REFERENCES masters (id);
