-- With the status in it, the index alone answers searches for a severity and a status.
DROP INDEX incidents_by_severity;
CREATE INDEX incidents_by_severity ON incidents (site_id, severity, created_at, id, status);
