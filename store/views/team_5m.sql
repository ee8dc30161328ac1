-- Made from the table definitions by the tests of store/src/views.rs; to make it anew after they
-- changed: FOCUSFLOW_BLESS=1 cargo test -p focusflow-store views
--
SELECT
    team_id,
    window_start,
    CASE WHEN count(*) >= 5 THEN count(*) END AS n,
    CAST(count(*) < 5 AS BOOLEAN) AS suppressed,
    CASE WHEN count(*) >= 5 THEN avg(CAST(active_ms AS DOUBLE)) END AS active_ms_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(active_ms AS DOUBLE), 0.5) END AS active_ms_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(active_ms AS DOUBLE), 0.9) END AS active_ms_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(focus_ms AS DOUBLE)) END AS focus_ms_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(focus_ms AS DOUBLE), 0.5) END AS focus_ms_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(focus_ms AS DOUBLE), 0.9) END AS focus_ms_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(comm_ms AS DOUBLE)) END AS comm_ms_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(comm_ms AS DOUBLE), 0.5) END AS comm_ms_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(comm_ms AS DOUBLE), 0.9) END AS comm_ms_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(meeting_ms AS DOUBLE)) END AS meeting_ms_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(meeting_ms AS DOUBLE), 0.5) END AS meeting_ms_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(meeting_ms AS DOUBLE), 0.9) END AS meeting_ms_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(switches AS DOUBLE)) END AS switches_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(switches AS DOUBLE), 0.5) END AS switches_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(switches AS DOUBLE), 0.9) END AS switches_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(messages_received AS DOUBLE)) END AS messages_received_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(messages_received AS DOUBLE), 0.5) END AS messages_received_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(messages_received AS DOUBLE), 0.9) END AS messages_received_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(interruptions AS DOUBLE)) END AS interruptions_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(interruptions AS DOUBLE), 0.5) END AS interruptions_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(interruptions AS DOUBLE), 0.9) END AS interruptions_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(self_interruptions AS DOUBLE)) END AS self_interruptions_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(self_interruptions AS DOUBLE), 0.5) END AS self_interruptions_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(self_interruptions AS DOUBLE), 0.9) END AS self_interruptions_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(load AS DOUBLE)) END AS load_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(load AS DOUBLE), 0.5) END AS load_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(load AS DOUBLE), 0.9) END AS load_p90,
    CASE WHEN count(*) >= 5 THEN avg(CAST(interruption_score AS DOUBLE)) END AS interruption_score_mean,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(interruption_score AS DOUBLE), 0.5) END AS interruption_score_median,
    CASE WHEN count(*) >= 5 THEN percentile_cont(CAST(interruption_score AS DOUBLE), 0.9) END AS interruption_score_p90,
    bool_and(final) AS final
FROM user_5m
WHERE team_id IS NOT NULL AND active_ms > 0
GROUP BY team_id, window_start
