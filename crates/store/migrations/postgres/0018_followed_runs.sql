-- Runs whose work goes on in the product after its start. Hosts ask about the work until it is over. Times are
-- milliseconds since 1970 (UTC), by the database's clock.
CREATE TABLE followed_runs (
    run_id      BIGINT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    -- The call, sealed, and the key that sealed it.
    call        TEXT   NOT NULL,
    sealing_key TEXT,
    -- The token to ask with. NULL until the product has answered the start.
    token       TEXT,
    -- How far the work is, a JSON object. NULL as long as the token.
    progress    TEXT,
    -- The requests and warnings so far, a JSON object.
    sums        TEXT   NOT NULL,
    -- When the next question is due.
    next_at     BIGINT NOT NULL,
    -- When the row was last written, and how long the work had been followed by then.
    written_at  BIGINT NOT NULL,
    waited_ms   BIGINT NOT NULL,
    -- How long the work is followed.
    limit_ms    BIGINT NOT NULL,
    -- The due time that the run belongs to.
    schedule_id BIGINT REFERENCES schedules (id) ON DELETE SET NULL,
    due_at      BIGINT,
    -- The host that asked last, and the end of its lease while it asks.
    asker       TEXT   NOT NULL,
    asked_until BIGINT
);
CREATE INDEX followed_runs_due ON followed_runs (next_at) WHERE token IS NOT NULL;
CREATE INDEX followed_runs_by_schedule ON followed_runs (schedule_id) WHERE schedule_id IS NOT NULL;
