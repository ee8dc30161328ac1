-- Everybody's days from a date on, to start the live state from. $1: first day.
SELECT user_id, team_id, day, active_ms, focus_ms, comm_ms, meeting_ms, switches, blocks, deep_blocks, stretch_ms,
       messages_received, messages_sent, interruptions, self_interruptions, load, interruption_score, focus_score,
       after_hours_ms, first_active, last_active
FROM user_daily
WHERE day >= CAST($1 AS DATE)
