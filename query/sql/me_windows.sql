-- One person's windows. $1: person, $2, $3: from and to (excluded), UTC milliseconds.
SELECT window_start, active_ms, focus_ms, meeting_ms, interruptions, load, interruption_score
FROM user_5m
WHERE user_id = $1 AND window_start >= to_timestamp_millis($2) AND window_start < to_timestamp_millis($3)
ORDER BY window_start
