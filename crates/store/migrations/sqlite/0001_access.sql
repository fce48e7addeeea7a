-- Who may do what where: sites, users with a role per site, keys; and the log of every call.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. A *_key column holds a name as it is compared: lower case.
CREATE TABLE sites (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE,
    kind        TEXT   NOT NULL CHECK (kind IN ('Internal', 'Client')),
    description TEXT   NOT NULL,
    time_zone   TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);

CREATE TABLE users (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT   NOT NULL,
    name_key         TEXT   NOT NULL UNIQUE,
    email            TEXT,
    active           BIGINT NOT NULL CHECK (active IN (0, 1)),
    is_administrator BIGINT NOT NULL CHECK (is_administrator IN (0, 1)),
    created_at       BIGINT NOT NULL,
    modified_at      BIGINT NOT NULL
);

CREATE TABLE user_roles (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    site_id BIGINT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    role    TEXT   NOT NULL CHECK (role IN ('Viewer', 'Analyst', 'Manager')),
    PRIMARY KEY (user_id, site_id)
);
CREATE INDEX user_roles_by_site ON user_roles (site_id);
