-- Everybody's windows from a time on, to start the live state from. $1: from, UTC milliseconds.
SELECT user_id, window_start, active_ms, focus_ms, comm_ms, meeting_ms, switches, messages_received,
       interruptions, load, interruption_score
FROM user_5m
WHERE window_start >= to_timestamp_millis($1)
