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

ALTER TABLE health DROP CONSTRAINT health_state_check;
ALTER TABLE health ADD CONSTRAINT health_state_check
    CHECK (state IN ('Unknown', 'Healthy', 'Degraded', 'Recovering', 'Failing'));
UPDATE health SET state = 'Recovering' WHERE alerted = 1 AND state IN ('Healthy', 'Degraded');
-- The reason of the open alert, whose recovery is not reported yet.
ALTER TABLE health RENAME COLUMN alerted TO alerted_before;
ALTER TABLE health ADD COLUMN alerted TEXT CHECK (alerted IN ('Failing', 'Flapping'));
UPDATE health SET alerted = COALESCE((SELECT MIN(reason) FROM alerts WHERE alerts.schedule_id = health.schedule_id), 'Failing')
WHERE alerted_before = 1;
ALTER TABLE health DROP COLUMN alerted_before;
