-- What the merchant portal has taken in, since format 2. Numbers are counted together with those of records.
--
-- Whoever gives the same inputs to a portal of the same rules, merchants and seed has the same portal. The instant is in
-- nanoseconds since meta.started_at_ms; the body is what src/driver/ledger_store/input_row.rs makes of it. Card numbers,
-- passwords and codes stand in it in clear: they are test cards and test passwords.
CREATE TABLE portal_inputs (
    record  INTEGER PRIMARY KEY,
    instant INTEGER NOT NULL CHECK (instant >= 0),
    body    TEXT NOT NULL
) STRICT;

-- What was taken in when, and why it was refused if it was; nothing secret.
CREATE VIEW portal_log AS
SELECT i.record,
       strftime('%Y-%m-%d %H:%M:%f', (m.value + i.instant / 1000000) / 1000.0, 'unixepoch') AS at,
       coalesce(a.key, json_extract(i.body, '$.act')) AS act,
       json_extract(i.body, '$.act.write.merchant') AS merchant,
       json_extract(i.body, '$.refusal') AS refusal
FROM portal_inputs i
JOIN meta m ON m.name = 'started_at_ms'
LEFT JOIN json_each(i.body, '$.act') a ON a.key IS NOT NULL;

CREATE TRIGGER portal_inputs_stay BEFORE UPDATE ON portal_inputs
BEGIN SELECT raise(ABORT, 'inputs of the portal are never changed'); END;
CREATE TRIGGER portal_inputs_keep BEFORE DELETE ON portal_inputs
BEGIN SELECT raise(ABORT, 'inputs of the portal are never deleted'); END;
