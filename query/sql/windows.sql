-- One row for each person and window with any active time. $1, $2: from and to (excluded), UTC milliseconds.
SELECT user_id, team_id, window_start, active_ms, focus_ms, meeting_ms, interruptions, load, interruption_score
FROM user_5m
WHERE window_start >= to_timestamp_millis($1) AND window_start < to_timestamp_millis($2) AND active_ms > 0
