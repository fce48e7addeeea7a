-- Who may call, and what was called: keys, the log of every call, and the answers that a repeated call gets again.
-- Times are milliseconds since 1970 (UTC). Yes/no is 1 or 0. A *_key column holds a name as it is compared: lower case.
CREATE TABLE keys (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL,
    name_key        TEXT    NOT NULL UNIQUE,
    kind            TEXT    NOT NULL CHECK (kind IN ('api', 'jwt')),
    -- The readable part of an API key, by which its row is found; of a JWT key too, though nobody shows it.
    public_part     TEXT    NOT NULL UNIQUE,
    -- An API key's secret as a hash, a JWT key's secret sealed; both in base64.
    secret          TEXT    NOT NULL,
    owner_id        BIGINT  NOT NULL REFERENCES users (id),
    every_site      BIGINT  NOT NULL CHECK (every_site IN (0, 1)),
    -- A JSON array of endpoints in lower case; [] is none. Not used where every_command is 1.
    every_command   BIGINT  NOT NULL CHECK (every_command IN (0, 1)),
    commands        TEXT    NOT NULL,
    may_manage      BIGINT  NOT NULL CHECK (may_manage IN (0, 1)),
    requires_expiry BIGINT  NOT NULL CHECK (requires_expiry IN (0, 1)),
    expires_at      BIGINT,
    revoked_at      BIGINT,
    last_used_at    BIGINT,
    created_at      BIGINT  NOT NULL
);
CREATE INDEX keys_by_owner ON keys (owner_id);

-- The sites on which a key works, where that is not every site.
CREATE TABLE key_sites (
    key_id  BIGINT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    site_id BIGINT NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, site_id)
);

-- The users besides its owner who may use a key.
CREATE TABLE key_users (
    key_id  BIGINT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, user_id)
);

-- Counts every change to who may do what, so that whoever remembers that knows when to read it again.
CREATE TABLE access_generation (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO access_generation (id, generation) VALUES (1, 1);

CREATE TRIGGER sites_inserted AFTER INSERT ON sites BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER sites_updated AFTER UPDATE ON sites BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER sites_deleted AFTER DELETE ON sites BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER users_updated AFTER UPDATE ON users BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER user_roles_inserted AFTER INSERT ON user_roles BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER user_roles_updated AFTER UPDATE ON user_roles BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER user_roles_deleted AFTER DELETE ON user_roles BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER keys_inserted AFTER INSERT ON keys BEGIN UPDATE access_generation SET generation = generation + 1; END;
-- Not for last_used_at, which changes all the time.
CREATE TRIGGER keys_updated AFTER UPDATE OF name, kind, public_part, secret, owner_id, every_site, every_command, commands,
    may_manage, requires_expiry, expires_at, revoked_at ON keys
    BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER keys_deleted AFTER DELETE ON keys BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER key_sites_inserted AFTER INSERT ON key_sites BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER key_sites_deleted AFTER DELETE ON key_sites BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER key_users_inserted AFTER INSERT ON key_users BEGIN UPDATE access_generation SET generation = generation + 1; END;
CREATE TRIGGER key_users_deleted AFTER DELETE ON key_users BEGIN UPDATE access_generation SET generation = generation + 1; END;

-- Every call, accepted or refused. Names as they were at the time, so nothing here refers to another table.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    request_id TEXT   NOT NULL,
    surface    TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    key_name   TEXT   NOT NULL,
    username   TEXT   NOT NULL,
    -- In whose name the command acted, where its parameters say so.
    acting_for TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    command    TEXT   NOT NULL,
    status     BIGINT NOT NULL,
    accepted   BIGINT NOT NULL CHECK (accepted IN (0, 1)),
    reason     TEXT   NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END;

-- The first answer to each Idempotency-Key of a user, or that the call still runs.
CREATE TABLE answers (
    user_id         BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    idempotency_key TEXT   NOT NULL,
    -- Of what was asked: the command and the body.
    fingerprint     TEXT   NOT NULL,
    -- Whoever made the claim; it alone may answer it.
    request_id      TEXT   NOT NULL,
    -- Until when the call counts as running unless it says otherwise; only while there is no answer.
    runs_until      BIGINT NOT NULL,
    -- 0 while there is no answer.
    status          BIGINT NOT NULL,
    answer          TEXT   NOT NULL,
    expires_at      BIGINT NOT NULL,
    PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX answers_by_expiry ON answers (expires_at);
