-- What people said of burnout, each with the features of two days before: a day before it, in every zone. One answer a person and day, the
-- highest. $1, $2: first and last day of the answers, in UTC.
SELECT r.user_id AS user_id, c.day AS day, r.features AS features, c.answer AS answer
FROM (
  SELECT user_id, day, features
  FROM burnout_risk
  WHERE status = 'ok' AND day >= CAST($1 AS DATE) - INTERVAL '2' DAY AND day <= CAST($2 AS DATE) - INTERVAL '2' DAY
) AS r
JOIN (
  SELECT user_id, CAST(ts AS DATE) AS day, MAX(burnout) AS answer
  FROM session_events
  WHERE kind = 'checkin' AND burnout IS NOT NULL AND CAST(ts AS DATE) >= CAST($1 AS DATE) AND CAST(ts AS DATE) <= CAST($2 AS DATE)
  GROUP BY user_id, CAST(ts AS DATE)
) AS c ON c.user_id = r.user_id AND c.day = r.day + INTERVAL '2' DAY
