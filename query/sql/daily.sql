-- One row for each person and local day with any active time. $1, $2: first and last day.
SELECT user_id, day, team_id,
       active_ms, focus_ms, comm_ms, meeting_ms, switches, blocks, deep_blocks, block_ms, stretch_ms,
       messages_received, messages_sent, interruptions, self_interruptions,
       load, interruption_score, focus_score, after_hours_ms
FROM user_daily
WHERE day >= CAST($1 AS DATE) AND day <= CAST($2 AS DATE) AND active_ms > 0
