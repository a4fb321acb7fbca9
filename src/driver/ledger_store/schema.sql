-- The ledger of a posfleet host, format 2: the books; those of the portal are in portal.sql. Amounts are in minor units, times in seconds of the Unix epoch.
--
-- Every record has one number, counted over bookings, moves, batches and portal_inputs in the order in which the host made them.
-- Rows are only ever added. Look at the views first: statement, postings, balances, doubled.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A transaction as it was booked; what became of it later is in moves. What it moved stands in the columns to_...:
-- minor units that came to each of its accounts, which together are nought.
CREATE TABLE bookings (
    record            INTEGER PRIMARY KEY,
    terminal          TEXT NOT NULL,
    batch             INTEGER NOT NULL,
    stan              INTEGER NOT NULL,
    merchant          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    variant           TEXT NOT NULL,
    instalments       INTEGER,
    amount            INTEGER NOT NULL CHECK (amount >= 0),
    tip               INTEGER NOT NULL CHECK (tip >= 0),
    card              TEXT,
    rrn               TEXT NOT NULL,
    approval_code     TEXT,
    original_terminal TEXT,
    original_batch    INTEGER,
    original_stan     INTEGER,
    at                INTEGER NOT NULL,
    state             TEXT NOT NULL,
    response_code     TEXT,
    to_card           INTEGER NOT NULL,
    to_hold           INTEGER NOT NULL,
    to_merchant       INTEGER NOT NULL,
    to_fees           INTEGER NOT NULL,
    to_outside        INTEGER NOT NULL,
    to_suspense       INTEGER NOT NULL,
    CHECK ((state = 'declined') = (response_code IS NOT NULL)),
    CHECK (to_card + to_hold + to_merchant + to_fees + to_outside + to_suspense = 0),
    CHECK (card IS NOT NULL OR (to_card = 0 AND to_hold = 0))
) STRICT;

-- Not unique: a host that books twice is a mistake that the ledger must be able to show.
CREATE INDEX bookings_by_key ON bookings (terminal, batch, stan);

-- A transaction that stands elsewhere since this record, and what moved with that between the accounts of its booking.
CREATE TABLE moves (
    record        INTEGER PRIMARY KEY,
    booking       INTEGER NOT NULL REFERENCES bookings (record),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    state         TEXT NOT NULL,
    response_code TEXT,
    to_card       INTEGER NOT NULL,
    to_hold       INTEGER NOT NULL,
    to_merchant   INTEGER NOT NULL,
    to_fees       INTEGER NOT NULL,
    to_outside    INTEGER NOT NULL,
    to_suspense   INTEGER NOT NULL,
    CHECK ((state = 'declined') = (response_code IS NOT NULL)),
    CHECK (to_card + to_hold + to_merchant + to_fees + to_outside + to_suspense = 0)
) STRICT;

CREATE INDEX moves_by_booking ON moves (booking);

-- A batch that was settled.
CREATE TABLE batches (
    record   INTEGER PRIMARY KEY,
    terminal TEXT NOT NULL,
    batch    INTEGER NOT NULL,
    next     INTEGER NOT NULL
) STRICT;

CREATE INDEX batches_by_terminal ON batches (terminal, batch);

-- Every transaction as it stands now, its card masked.
CREATE VIEW statement AS
SELECT b.terminal,
       printf('%06d', b.batch) AS batch,
       printf('%06d', b.stan) AS stan,
       b.merchant,
       b.kind,
       b.variant,
       coalesce(m.amount, b.amount) AS amount,
       b.tip,
       coalesce(m.state, b.state) AS state,
       CASE WHEN m.record IS NULL THEN b.response_code ELSE m.response_code END AS response_code,
       CASE WHEN length(b.card) < 13 THEN '****' || substr(b.card, -4)
            ELSE substr(b.card, 1, 6) || '****' || substr(b.card, -4) END AS card,
       b.rrn,
       b.approval_code,
       CASE WHEN b.original_stan IS NOT NULL
            THEN printf('%s-%06d-%06d', b.original_terminal, b.original_batch, b.original_stan) END AS original,
       datetime(b.at, 'unixepoch') AS at,
       EXISTS (SELECT 1 FROM batches c
               WHERE c.terminal = b.terminal AND c.batch = b.batch AND c.record > b.record) AS settled
FROM bookings b
LEFT JOIN moves m ON m.record = (SELECT max(n.record) FROM moves n WHERE n.booking = b.record);

-- All movements of money, one account a row.
CREATE VIEW postings AS
WITH movements AS (
    SELECT record, card, merchant, to_card, to_hold, to_merchant, to_fees, to_outside, to_suspense FROM bookings
    UNION ALL
    SELECT m.record, b.card, b.merchant, m.to_card, m.to_hold, m.to_merchant, m.to_fees, m.to_outside, m.to_suspense
    FROM moves m JOIN bookings b ON b.record = m.booking)
SELECT record, 'card' AS account, card AS holder, to_card AS amount FROM movements WHERE to_card <> 0
UNION ALL SELECT record, 'hold', card, to_hold FROM movements WHERE to_hold <> 0
UNION ALL SELECT record, 'merchant', merchant, to_merchant FROM movements WHERE to_merchant <> 0
UNION ALL SELECT record, 'fees', NULL, to_fees FROM movements WHERE to_fees <> 0
UNION ALL SELECT record, 'outside', NULL, to_outside FROM movements WHERE to_outside <> 0
UNION ALL SELECT record, 'suspense', NULL, to_suspense FROM movements WHERE to_suspense <> 0;

-- What came to every account less what left it; the balance of a card begins with what cards are opened with.
CREATE VIEW balances AS
SELECT account,
       holder,
       sum(amount) AS moved,
       sum(amount) + CASE WHEN account = 'card'
           THEN (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'opening_balance')
           ELSE 0 END AS balance
FROM postings
GROUP BY account, holder;

-- Transactions that were booked more than once: none, unless the host was told to make that mistake.
CREATE VIEW doubled AS
SELECT terminal, printf('%06d', batch) AS batch, printf('%06d', stan) AS stan, count(*) AS bookings
FROM bookings
GROUP BY terminal, batch, stan
HAVING count(*) > 1;

CREATE TRIGGER bookings_stay BEFORE UPDATE ON bookings BEGIN SELECT raise(ABORT, 'bookings are never changed'); END;
CREATE TRIGGER bookings_keep BEFORE DELETE ON bookings BEGIN SELECT raise(ABORT, 'bookings are never deleted'); END;
CREATE TRIGGER moves_stay BEFORE UPDATE ON moves BEGIN SELECT raise(ABORT, 'moves are never changed'); END;
CREATE TRIGGER moves_keep BEFORE DELETE ON moves BEGIN SELECT raise(ABORT, 'moves are never deleted'); END;
CREATE TRIGGER batches_stay BEFORE UPDATE ON batches BEGIN SELECT raise(ABORT, 'batches are never changed'); END;
CREATE TRIGGER batches_keep BEFORE DELETE ON batches BEGIN SELECT raise(ABORT, 'batches are never deleted'); END;
