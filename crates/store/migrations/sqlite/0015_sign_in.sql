-- Signing in to the console. Times are milliseconds since 1970 (UTC) of the database's clock.
CREATE TABLE passwords (
    user_id    BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The Argon2id hash as a PHC string, with its parameters and salt.
    hash       TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One-time links to set a password. A user has at most one.
CREATE TABLE password_links (
    user_id    BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The hash of the link's token.
    hash       TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_links_by_expiry ON password_links (expires_at);

-- Authenticator apps (RFC 6238).
CREATE TABLE totp (
    user_id      BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The sealed secret in base64, and the key that sealed it.
    secret       TEXT   NOT NULL,
    sealing_key  TEXT   REFERENCES sealing_keys (id),
    created_at   BIGINT NOT NULL,
    -- NULL until the user has confirmed the app with a code. Until then sign-in asks for no code.
    confirmed_at BIGINT,
    -- The last time step whose code was accepted. No code of this step or an earlier one is accepted.
    last_step    BIGINT NOT NULL
);
CREATE INDEX totp_by_sealing_key ON totp (sealing_key);

-- Unused recovery codes. A code is deleted when it is used.
CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT   NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- The subjects of OpenID Connect providers, and the users that they sign in as.
CREATE TABLE openid_subjects (
    issuer    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    user_id   BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The hash of the session's token.
    hash       TEXT   NOT NULL UNIQUE,
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method     TEXT   NOT NULL CHECK (method IN ('Password', 'OpenID Connect')),
    -- The address of the browser.
    address    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    -- The time of the last request, to within a minute.
    seen_at    BIGINT NOT NULL,
    -- When the session ends even if it is in use.
    ends_at    BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- How the console looks for a user.
CREATE TABLE profiles (
    user_id   BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- NULL for the time zone of the site.
    time_zone TEXT,
    theme     TEXT   NOT NULL CHECK (theme IN ('system', 'light', 'dark'))
);
