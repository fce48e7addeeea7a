-- Two transactions that ended the last two snapshots of a collection at once left the collection without an end.
UPDATE finding_collections AS c SET ended_at = (SELECT MAX(s.ended_at) FROM finding_snapshots s WHERE s.collection_id = c.id)
WHERE c.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM finding_snapshots s WHERE s.collection_id = c.id AND s.ended_at IS NULL);
