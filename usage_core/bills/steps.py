"""How a difference is split, in SQL over four small tables; `explain` runs the steps in order.

`given_lines`: the lines of the bills, in USD. `given_calls` and `moved_calls`: the sums of the calls by
day, model and key, by the days as they are and as the bill may have them. `given_hours`: costs by hour;
`given_charges`: the part that a charge is, which is not for usage.
Amounts are DECIMAL(38, 18) USD; shares of them are whole pico-USD, and what is left over goes to the
last part of a place, so that the parts of a place are its difference.
"""

MACROS = """
CREATE MACRO usd(pico) AS (pico::DECIMAL(26, 0) * 0.000000000001::DECIMAL(12, 12))::DECIMAL(38, 18);
CREATE MACRO pico(usd) AS (round(usd, 12)::DECIMAL(38, 12) * 1000000000000)::HUGEINT;
CREATE MACRO part_of(whole, tokens, all_tokens) AS
    usd(pico(whole) * tokens::HUGEINT // all_tokens::HUGEINT);
CREATE MACRO tiny() AS 0.000000001::DECIMAL(38, 18);
"""

_OFF = """
WITH off AS (
    SELECT bill_id, line, sum(usd) AS usd FROM given_lines WHERE charge = 'discount' GROUP BY ALL)
"""

IS_NET = f"""
{_OFF}
SELECT coalesce(abs(listed + less - computed) < abs(listed - computed), false)
FROM (SELECT sum(l.usd) AS listed, sum(off.usd) AS less
    FROM given_lines l LEFT JOIN off USING (bill_id, line) WHERE charge = 'usage'),
(SELECT sum(usd(input_cost + read_cost + write_cost + write_1h_cost + output_cost + other_cost)) AS computed
    FROM given_calls)
"""  # noqa: S608
"""Whether the log's prices already hold the discounts that stand on the lines of usage themselves."""

NET = f"""
{_OFF}
SELECT l.* REPLACE (
    CASE WHEN charge = 'usage' THEN l.usd + coalesce(off.usd, 0) ELSE l.usd END::DECIMAL(38, 18) AS usd)
FROM given_lines l LEFT JOIN off USING (bill_id, line)
WHERE charge <> 'discount'
    OR (bill_id, line) NOT IN (SELECT (bill_id, line) FROM given_lines WHERE charge = 'usage')
"""  # noqa: S608

# What is kept in a cache for an hour is told apart for models of which both sides do: a bill that has lines
# of it, and calls that all say how long their writes are kept.
PREPARE = """
CREATE TABLE line AS SELECT * REPLACE (
        CASE WHEN (SELECT bool_or(model IS NULL AND charge = 'usage') FROM given_lines) THEN ''
        ELSE model END AS model),
    CASE WHEN until_day = first_day + INTERVAL 1 DAY THEN first_day END AS day
FROM given_lines;
CREATE TABLE long AS
WITH every AS (SELECT * REPLACE (
        CASE WHEN (SELECT bool_or(model IS NULL AND charge = 'usage') FROM given_lines) THEN ''
        ELSE model END AS model) FROM (
    SELECT *, false AS moved FROM given_calls UNION ALL BY NAME SELECT *, true AS moved FROM moved_calls))
SELECT moved, day, model, key, 'input' AS cls, input_cost AS cost, input_tokens AS tokens,
    input_unpriced AS unpriced_tokens, calls, unpriced_calls, untold_tokens FROM every
UNION ALL SELECT moved, day, model, key, 'cache read', read_cost, read_tokens, read_unpriced, 0, 0, 0
    FROM every
UNION ALL SELECT moved, day, model, key, 'cache write', write_cost, write_tokens, write_unpriced, 0, 0, 0
    FROM every
UNION ALL SELECT moved, day, model, key, 'cache write 1h', write_1h_cost, write_1h_tokens, write_1h_unpriced,
    0, 0, 0 FROM every
UNION ALL SELECT moved, day, model, key, 'output', output_cost, output_tokens, output_unpriced, 0, 0, 0
    FROM every
UNION ALL SELECT moved, day, model, key, NULL, other_cost, other_tokens, 0, 0, 0, 0 FROM every;
CREATE OR REPLACE TEMP TABLE by_hour AS
SELECT model FROM line WHERE cls = 'cache write 1h'
EXCEPT SELECT model FROM long WHERE untold_tokens > 0;
UPDATE line SET cls = 'cache write' WHERE cls = 'cache write 1h' AND model NOT IN (FROM by_hour);
UPDATE long SET cls = 'cache write' WHERE cls = 'cache write 1h' AND model NOT IN (FROM by_hour);
CREATE TABLE grain AS
SELECT model, bool_and(day IS NOT NULL) AS by_day,
    bool_and(cls IS NOT NULL)
        AND model NOT IN (SELECT model FROM long WHERE cls IS NULL AND cost <> 0) AS by_class,
    bool_and(key IS NOT NULL) AND bool_or(key_known) AS by_key
FROM line WHERE charge = 'usage' GROUP BY model;
"""

# A day begins at most 14 hours from where it is said to begin, or a whole day.
OFFSETS = """
WITH b AS (
    SELECT model, day, sum(usd) AS usd FROM line JOIN grain USING (model)
    WHERE charge = 'usage' AND by_day GROUP BY ALL),
tried AS (
    SELECT unnest(range(-14, 15) || [-24, 24]) AS hours),
c AS (
    SELECT hours, h.model, date_trunc('day', hour - to_hours(hours)) AS day, sum(usd(cost)) AS usd
    FROM (SELECT * REPLACE (CASE WHEN '' IN (SELECT model FROM b) THEN '' ELSE model END AS model)
        FROM given_hours) h JOIN tried ON true WHERE model IN (SELECT model FROM b) GROUP BY ALL),
covered AS (SELECT unnest(days) AS day FROM given_days),
spread AS (
    SELECT hours, coalesce(b.model, c.model) AS model, coalesce(b.day, c.day) AS day, b.usd AS billed,
        c.usd AS computed
    FROM (SELECT * FROM b JOIN tried ON true) b FULL JOIN c USING (hours, model, day))
SELECT hours, sum(abs(coalesce(billed, 0) - coalesce(computed, 0))) AS off
FROM spread WHERE day IN (SELECT day FROM covered) GROUP BY hours
ORDER BY off, abs(hours), hours
"""

CELLS = """
CREATE TABLE usage AS
SELECT l.* REPLACE (
    CASE WHEN by_day THEN day ELSE TIMESTAMP '1970-01-01' END AS day,
    CASE WHEN by_key THEN key ELSE '' END AS key,
    CASE WHEN by_class THEN cls ELSE '' END AS cls), by_class,
    row_number() OVER (PARTITION BY bill_id, first_day, until_day, l.model, billed_model, billed_key,
        project, cls, quantity, requests, usd, description ORDER BY line) AS copy
FROM line l JOIN grain USING (model) WHERE charge = 'usage';
CREATE TABLE billed AS
SELECT day, model, key, cls, sum(usd) AS billed, sum(bound) AS bound,
    CASE WHEN count(quantity) = count(*) THEN sum(quantity)::HUGEINT END AS quantity,
    CASE WHEN count(requests) = count(*) THEN CASE WHEN any_value(by_class) THEN max(requests)
        ELSE sum(requests) END::HUGEINT END AS requests,
    coalesce(sum(usd) FILTER (copy > 1 AND usd <> 0), 0) AS twice,
    coalesce(sum(quantity) FILTER (copy > 1 AND usd <> 0), 0)::HUGEINT AS twice_quantity,
    coalesce(max(requests) FILTER (copy > 1 AND usd <> 0), 0)::HUGEINT AS twice_requests,
    CASE WHEN count(*) <= 5 THEN string_agg(file_name || ':' || line, ', ' ORDER BY line) END AS lines
FROM usage GROUP BY ALL;
CREATE TABLE seen AS
SELECT moved, CASE WHEN coalesce(by_day, true) THEN day ELSE TIMESTAMP '1970-01-01' END AS day,
    l.model, CASE WHEN by_key THEN key ELSE '' END AS key,
    CASE WHEN by_class THEN cls ELSE '' END AS cls,
    sum(usd(cost))::DECIMAL(38, 18) AS cost, sum(tokens)::HUGEINT AS tokens,
    sum(unpriced_tokens)::HUGEINT AS unpriced_tokens, sum(calls)::HUGEINT AS calls,
    sum(unpriced_calls)::HUGEINT AS unpriced_calls
FROM long l LEFT JOIN grain USING (model) GROUP BY ALL
HAVING sum(tokens) > 0 OR sum(cost) <> 0 OR sum(calls) > 0;
CREATE TABLE cell AS
SELECT day, model, key, cls, billed IS NOT NULL AS in_bill,
    coalesce(tokens > 0 OR cost <> 0 OR unpriced_calls > 0, false) AS in_calls,
    coalesce(billed, 0)::DECIMAL(38, 18) AS billed, coalesce(bound, 0)::DECIMAL(38, 18) + tiny() AS bound,
    CASE WHEN billed IS NULL THEN 0 ELSE quantity END AS quantity, requests,
    coalesce(twice, 0) AS twice, twice_quantity, twice_requests, lines,
    coalesce(cost, 0)::DECIMAL(38, 18) AS cost, coalesce(tokens, 0) AS tokens,
    coalesce(unpriced_tokens, 0) AS unpriced_tokens, coalesce(calls, 0) AS calls,
    coalesce(unpriced_calls, 0) AS unpriced_calls
FROM billed FULL JOIN (SELECT * EXCLUDE (moved) FROM seen WHERE moved) USING (day, model, key, cls);
"""

WITHOUT_COPIES = """
CREATE TABLE single AS
SELECT * REPLACE (
        billed - copied AS billed,
        CASE WHEN copied <> 0 THEN quantity - twice_quantity ELSE quantity END AS quantity,
        CASE WHEN copied <> 0 AND cls = '' THEN requests - twice_requests ELSE requests END AS requests),
    billed AS whole, quantity AS whole_quantity
FROM (SELECT *, CASE WHEN twice <> 0 AND in_calls AND abs(billed - cost - twice) < abs(billed - cost)
    THEN twice ELSE 0 END::DECIMAL(38, 18) AS copied FROM cell);
CREATE TABLE priced AS
SELECT * REPLACE (
        billed - unpriced AS billed, quantity - unpriced_tokens AS quantity,
        tokens - unpriced_tokens AS tokens)
FROM (SELECT *, CASE
    WHEN NOT in_bill OR (unpriced_tokens = 0 AND unpriced_calls = 0) THEN 0
    WHEN tokens = unpriced_tokens THEN billed
    WHEN quantity > 0 THEN part_of(billed, unpriced_tokens, quantity)
    ELSE greatest(0, least(billed - cost, part_of(cost, unpriced_tokens, tokens - unpriced_tokens)))
    END::DECIMAL(38, 18) AS unpriced
    FROM single);
"""

GROUPS = """
CREATE TABLE grouped AS
WITH sides AS (
    SELECT *, starts_with(cls, 'cache') OR cls = 'input' AS sent,
        cls IN ('input', 'output') AS main,
        CASE WHEN tokens > 0 AND quantity IS NOT NULL AND in_bill
            THEN part_of(cost, quantity - tokens, tokens) ELSE 0 END AS more,
        CASE WHEN in_bill AND in_calls AND cost > 0 THEN (billed * 1000000000)::HUGEINT END AS b,
        CASE WHEN in_bill AND in_calls AND cost > 0 THEN (cost * 1000000000)::HUGEINT END AS c
    FROM priced),
summed AS (
    SELECT *,
        bool_and(quantity IS NOT NULL) FILTER (sent) OVER place
            AND sum(quantity) FILTER (sent) OVER place = sum(tokens) FILTER (sent) OVER place
            AND bool_or(quantity <> tokens) FILTER (sent) OVER place AS divided,
        coalesce(sum(tokens) FILTER (sent AND cls <> 'input' AND NOT in_bill) OVER place, 0) AS uncharged,
        max(requests) OVER place AS place_requests, sum(calls) OVER place AS place_calls,
        count(*) FILTER (main) OVER place AS n,
        count(*) FILTER (main AND quantity > tokens) OVER place AS n_up,
        count(*) FILTER (main AND quantity < tokens) OVER place AS n_down,
        bool_or(quantity > tokens) OVER place AS any_up, bool_or(quantity < tokens) OVER place AS any_down,
        count(*) FILTER (main AND billed - cost > bound) OVER place AS n_dearer,
        count(*) FILTER (main AND cost - billed > bound) OVER place AS n_cheaper,
        count(b) OVER kind AS n_both, sum(b) OVER kind AS all_b, sum(c) OVER kind AS all_c,
        sum(CASE WHEN b IS NOT NULL THEN (bound * 1000000000)::HUGEINT + 2 END) OVER kind AS all_bounds
    FROM sides WINDOW place AS (PARTITION BY day, model, key), kind AS (PARTITION BY model, cls)),
judged AS (
    SELECT *,
        CASE WHEN cls = 'input' AND in_bill AND quantity IS NULL AND uncharged > 0 AND tokens > 0
            THEN part_of(cost, uncharged, tokens) END AS at_input,
        coalesce(n_both >= 2 AND bool_and(abs(b * all_c - all_b * c)
            <= ((bound * 1000000000)::HUGEINT + 2) * all_c + all_bounds * c) OVER kind, false) AS steady
    FROM summed WINDOW kind AS (PARTITION BY model, cls))
SELECT *, coalesce(bool_or(at_input > bound AND abs(billed - cost - at_input) <= bound) OVER place, false)
        AS charged_as_input,
    CASE WHEN place_requests > place_calls THEN 'billed, no calls seen'
        WHEN place_requests < place_calls THEN 'calls not billed'
        WHEN place_requests = place_calls THEN 'token counts'
        WHEN n > 0 AND n_up = n AND NOT any_down THEN 'billed, no calls seen'
        WHEN n > 0 AND n_down = n AND NOT any_up THEN 'calls not billed'
        ELSE 'token counts' END AS counted,
    CASE WHEN cls = '' AND place_requests > place_calls AND billed > cost THEN 'billed, no calls seen'
        WHEN cls = '' AND place_requests < place_calls AND billed < cost THEN 'calls not billed'
        WHEN n > 1 AND n_dearer = n THEN 'billed, no calls seen'
        WHEN n > 1 AND n_cheaper = n THEN 'calls not billed' ELSE 'unexplained' END AS guessed
FROM judged WINDOW place AS (PARTITION BY day, model, key);
"""

# The first part that fits takes its amount; what is left is rounding where it is small enough.
FOUND = """
CREATE TABLE found AS
WITH first AS (
    SELECT *, billed - cost AS r, CASE
        WHEN divided AND sent THEN 'cache class'
        WHEN charged_as_input AND sent AND (cls = 'input' OR NOT in_bill) THEN 'cache class'
        WHEN NOT in_bill THEN CASE WHEN model IN (SELECT model FROM grain)
            AND cost <= (SELECT max(bound) FROM given_lines) THEN 'rounding' ELSE 'calls not billed' END
        WHEN NOT in_calls THEN 'billed, no calls seen'
        WHEN quantity IS NOT NULL THEN counted
        WHEN abs(billed - cost) <= bound THEN 'rounding'
        WHEN steady THEN 'prices'
        ELSE guessed END AS part
    FROM grouped),
second AS (
    SELECT *, CASE
        WHEN divided AND sent THEN CASE WHEN tokens > 0 AND in_bill THEN more ELSE r END
        WHEN part = 'cache class' AND cls = 'input' THEN at_input
        WHEN in_bill AND in_calls AND quantity IS NOT NULL THEN CASE WHEN tokens > 0 THEN more ELSE r END
        ELSE r END::DECIMAL(38, 18) AS usd
    FROM first),
parts AS (
    SELECT part, usd, * EXCLUDE (part, usd) FROM second
    UNION ALL BY NAME
    SELECT CASE WHEN abs(r - usd) <= bound THEN 'rounding' ELSE 'prices' END AS part, r - usd AS usd,
        * EXCLUDE (part, usd) FROM second
    UNION ALL BY NAME SELECT 'billed twice' AS part, copied AS usd, * EXCLUDE (part, usd) FROM second
    UNION ALL BY NAME
    SELECT 'calls without a price' AS part, unpriced AS usd, * EXCLUDE (part, usd) FROM second)
SELECT part, usd, day, model, key, cls, whole AS billed, cost AS computed,
    CASE WHEN in_bill THEN whole_quantity END AS quantity, tokens + unpriced_tokens AS tokens, lines
FROM parts WHERE usd <> 0
UNION ALL BY NAME
SELECT 'day boundary' AS part, sum(CASE WHEN moved THEN cost ELSE -cost END)::DECIMAL(38, 18) AS usd,
    day, model, key, cls FROM seen GROUP BY day, model, key, cls HAVING usd <> 0
UNION ALL BY NAME
SELECT part,
    usd, coalesce(day, TIMESTAMP '1970-01-01') AS day, coalesce(billed_model, description) AS model,
    coalesce(key, '') AS key, coalesce(cls, '') AS cls, usd AS billed, file_name || ':' || line AS lines
FROM line JOIN given_charges USING (charge) WHERE usd <> 0;
"""

BEHIND = """
SELECT DISTINCT part, bill_id, line, charge FROM found JOIN usage USING (day, model, key, cls)
WHERE part NOT IN (SELECT part FROM given_charges)
UNION ALL
SELECT DISTINCT part, bill_id, line, charge FROM line JOIN given_charges USING (charge) WHERE usd <> 0
"""
