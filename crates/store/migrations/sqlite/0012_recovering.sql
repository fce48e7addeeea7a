-- Health: a connection that passes again is Recovering until it has settled. `alerted` is the reason of the open alert.
-- Schedules: a run that a caller asks for has a column of its own, so that it does not take the place of a due time.
-- Alerts: schedules and connections are different kinds.
ALTER TABLE schedules ADD COLUMN run_soon_at BIGINT;
-- The number of successes in a row after which the schedule has recovered.
ALTER TABLE schedules ADD COLUMN recover_after BIGINT NOT NULL DEFAULT 2 CHECK (recover_after > 0);
-- A command's next run may be a day later, so its first success is its recovery.
UPDATE schedules SET recover_after = 1 WHERE kind = 'Command';
CREATE INDEX schedules_soon ON schedules (run_soon_at) WHERE active = 1 AND run_soon_at IS NOT NULL;

ALTER TABLE alerts ADD COLUMN kind TEXT NOT NULL DEFAULT 'Health Check' CHECK (kind IN ('Health Check', 'Command'));
UPDATE alerts SET kind = 'Command' WHERE schedule_id IN (SELECT id FROM schedules WHERE kind = 'Command');
-- The reason that was last reported to the destination. If it differs from `reason`, the worse one is still to be reported.
ALTER TABLE alerts ADD COLUMN told TEXT CHECK (told IN ('Failing', 'Flapping'));
UPDATE alerts SET told = reason WHERE announced_at IS NOT NULL;
DROP INDEX alerts_to_tell;
CREATE INDEX alerts_to_tell ON alerts (destination, server, kind)
    WHERE told IS NULL OR told <> reason OR closed_at IS NOT NULL;

ALTER TABLE health RENAME TO health_before;
CREATE TABLE health (
    schedule_id    BIGINT NOT NULL PRIMARY KEY REFERENCES schedules (id) ON DELETE CASCADE,
    state          TEXT   NOT NULL CHECK (state IN ('Unknown', 'Healthy', 'Degraded', 'Recovering', 'Failing')),
    since          BIGINT NOT NULL,
    last_check_at  BIGINT,
    last_proof_at  BIGINT,
    last_error     TEXT,
    last_error_at  BIGINT,
    -- Why the state is Degraded.
    notice         TEXT,
    latency_ms     BIGINT,
    failures       BIGINT NOT NULL,
    successes      BIGINT NOT NULL,
    -- The latest results as bits, the newest in the lowest bit, 1 for failed, and the number of results.
    recent         BIGINT NOT NULL,
    recent_count   BIGINT NOT NULL,
    -- The reason of the open alert, whose recovery is not reported yet.
    alerted        TEXT   CHECK (alerted IN ('Failing', 'Flapping'))
);
INSERT INTO health (schedule_id, state, since, last_check_at, last_proof_at, last_error, last_error_at, notice, latency_ms,
    failures, successes, recent, recent_count, alerted)
SELECT schedule_id, CASE WHEN alerted = 1 AND state IN ('Healthy', 'Degraded') THEN 'Recovering' ELSE state END, since,
    last_check_at, last_proof_at, last_error, last_error_at, notice, latency_ms, failures, successes, recent, recent_count,
    CASE WHEN alerted = 1 THEN COALESCE((SELECT MIN(reason) FROM alerts WHERE alerts.schedule_id = health_before.schedule_id),
        'Failing') END
FROM health_before;
DROP TABLE health_before;
