-- Due work is claimed in the transaction that records it, so each row has a holder and a lease.
-- What no host had claimed is due again. What was under way has lapsed: the next host repeats it, or calls it interrupted.
-- Hosts of earlier versions cannot claim any more: their statements need the columns and tables that go here.
UPDATE schedules
SET next_due_at = (SELECT MIN(work.due_at) FROM work WHERE work.schedule_id = schedules.id AND work.node IS NULL)
WHERE id IN (SELECT schedule_id FROM work WHERE node IS NULL);
ALTER TABLE work RENAME TO work_before;
CREATE TABLE work (
    schedule_id   BIGINT NOT NULL PRIMARY KEY REFERENCES schedules (id) ON DELETE CASCADE,
    due_at        BIGINT NOT NULL,
    -- The host that has it, and when its lease ends by the database's clock unless the host renews it.
    node          TEXT   NOT NULL,
    claimed_until BIGINT NOT NULL
);
INSERT INTO work (schedule_id, due_at, node, claimed_until)
SELECT schedule_id, due_at, node, 0 FROM work_before WHERE node IS NOT NULL
ON CONFLICT DO NOTHING;
DROP TABLE work_before;
CREATE INDEX work_by_lease ON work (claimed_until);

-- No host of an earlier version runs: the commands that one left behind are interrupted.
DELETE FROM nodes;

-- The queue that earlier versions used.
DROP TABLE IF EXISTS Jobs;
DROP TABLE IF EXISTS Workers;
DROP TABLE IF EXISTS _apalis_migrations;
