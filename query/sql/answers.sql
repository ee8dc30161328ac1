-- What people said of burnout, each with the features of two days before: a day before it, in every zone. $1, $2: first and last day
-- of the answers, in UTC.
SELECT c.user_id AS user_id, r.features AS features, c.burnout AS answer
FROM (
  SELECT user_id, CAST(ts AS DATE) AS day, burnout
  FROM session_events
  WHERE kind = 'checkin' AND burnout IS NOT NULL AND CAST(ts AS DATE) >= CAST($1 AS DATE) AND CAST(ts AS DATE) <= CAST($2 AS DATE)
) AS c
JOIN burnout_risk AS r ON r.user_id = c.user_id AND r.day = c.day - INTERVAL '2' DAY
WHERE r.status = 'ok'
