-- One person's local days. $1: person, $2, $3: first and last day.
SELECT day, active_ms, focus_ms, comm_ms, meeting_ms, switches, blocks, deep_blocks, block_ms, stretch_ms,
       messages_received, messages_sent, interruptions, self_interruptions,
       load, interruption_score, focus_score, after_hours_ms, streak_days, rest_ms, final
FROM user_daily
WHERE user_id = $1 AND day >= CAST($2 AS DATE) AND day <= CAST($3 AS DATE)
ORDER BY day
