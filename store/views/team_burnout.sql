-- How many of a team's members with any active time on a day are at which level; nothing about fewer than 8.
SELECT
    b.team_id AS team_id,
    b.day AS day,
    CASE WHEN count(*) >= 8 THEN count(*) END AS n,
    CAST(count(*) < 8 AS BOOLEAN) AS suppressed,
    CASE WHEN count(*) >= 8 THEN count(*) FILTER (WHERE b.level = 'low') END AS low,
    CASE WHEN count(*) >= 8 THEN count(*) FILTER (WHERE b.level = 'elevated') END AS elevated,
    CASE WHEN count(*) >= 8 THEN count(*) FILTER (WHERE b.level = 'high') END AS high,
    CASE WHEN count(*) >= 8 THEN count(*) FILTER (WHERE b.status = 'insufficient_data') END AS insufficient_data,
    bool_and(b.final) AS final
FROM burnout_risk b
JOIN user_daily d ON d.user_id = b.user_id AND d.day = b.day
WHERE b.team_id IS NOT NULL AND d.active_ms > 0
GROUP BY b.team_id, b.day
