-- Findings are counted by device, CVE and tenant, and searched by their texts, without reading each.

-- The listed findings of a device or of a CVE of a tenant, as the last reading of the tenant left them.
CREATE TABLE finding_groups (
    feed_id    BIGINT NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('device', 'cve')),
    -- The device, or the CVE.
    name       TEXT COLLATE "C" NOT NULL,
    devices    BIGINT NOT NULL,
    open       BIGINT NOT NULL,
    listed     BIGINT NOT NULL,
    -- Of the open findings. Below 0 where none is known.
    worst_cvss DOUBLE PRECISION NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (feed_id, kind, name)
);

-- 0 while a reading of the tenant has changed findings and their groups are not counted yet.
ALTER TABLE finding_feeds ADD COLUMN grouped BIGINT NOT NULL DEFAULT 1 CHECK (grouped IN (0, 1));

-- No value of JSON in PostgreSQL holds a NUL.
UPDATE findings SET content = REPLACE(content, '\u0000', '\ufffd') WHERE POSITION('\u0000' IN content) > 0;

INSERT INTO finding_groups (feed_id, kind, name, devices, open, listed, worst_cvss, changed_at)
SELECT feed_id, 'device', device, 1, SUM(CASE WHEN status IN ('open', 'reopened') THEN 1 ELSE 0 END), COUNT(*),
       MAX(CASE WHEN status IN ('open', 'reopened')
                THEN COALESCE(CAST((CAST(content AS jsonb) ->> 'cvss') AS DOUBLE PRECISION), -1) ELSE -1 END),
       MAX(changed_at)
FROM findings WHERE listed = 1 GROUP BY feed_id, device;

INSERT INTO finding_groups (feed_id, kind, name, devices, open, listed, worst_cvss, changed_at)
SELECT feed_id, 'cve', cve, COUNT(DISTINCT device), SUM(CASE WHEN status IN ('open', 'reopened') THEN 1 ELSE 0 END),
       COUNT(*),
       MAX(CASE WHEN status IN ('open', 'reopened')
                THEN COALESCE(CAST((CAST(content AS jsonb) ->> 'cvss') AS DOUBLE PRECISION), -1) ELSE -1 END),
       MAX(changed_at)
FROM findings WHERE listed = 1 GROUP BY feed_id, cve;

-- The titles and the software of findings, by the first CVE. Findings of all tenants share them.
CREATE TABLE finding_texts (
    cve      TEXT   NOT NULL,
    -- In lower case, the first 500 characters.
    text     TEXT COLLATE "C" NOT NULL,
    -- 0 for a text that was longer.
    is_whole BIGINT NOT NULL CHECK (is_whole IN (0, 1)),
    PRIMARY KEY (cve, text)
);

INSERT INTO finding_texts (cve, text, is_whole)
SELECT cve, SUBSTR(text, 1, 500), MIN(CASE WHEN LENGTH(text) <= 500 THEN 1 ELSE 0 END)
FROM (SELECT cve, LOWER(COALESCE(CAST(content AS jsonb) ->> 'title', '') || chr(10)
                        || COALESCE(CAST(content AS jsonb) ->> 'software', '')) AS text FROM findings) AS known
GROUP BY cve, SUBSTR(text, 1, 500);

-- The order by score. SQLite has no such index, since writing changes would take too long.
CREATE INDEX findings_by_cvss ON findings (
    (COALESCE(CAST((CAST(content AS jsonb) ->> 'cvss') AS DOUBLE PRECISION), -1)), feed_id, device, finding);
