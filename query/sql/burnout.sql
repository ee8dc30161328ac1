-- How many people with any active time were at which level, by the team their row names. $1, $2: first and last day.
SELECT r.day AS day, r.team_id AS team_id, COALESCE(r.level, r.status) AS level, COUNT(*) AS people
FROM burnout_risk AS r
JOIN user_daily AS d ON d.user_id = r.user_id AND d.day = r.day
WHERE r.day >= CAST($1 AS DATE) AND r.day <= CAST($2 AS DATE)
  AND d.day >= CAST($1 AS DATE) AND d.day <= CAST($2 AS DATE) AND d.active_ms > 0
GROUP BY r.day, r.team_id, COALESCE(r.level, r.status)
