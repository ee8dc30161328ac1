// Generated from schemas/openapi.json by `npm run types`. Not for editing.

export interface paths {
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send events
         * @description One object, a list, or NDJSON; gzip or zstd; up to 16 MiB. Answered when everything accepted is durable. Good events of a batch are kept when others are bad. Roles ingest and admin. Received messages of the last 24 hours whose client sent no priority get one, unless that is switched off.
         */
        post: operations["sendEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/directory": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the directory
         * @description Admins read all of it; others their own entries and those of the teams they may see by name (managers: the teams they lead).
         */
        get: operations["readDirectory"];
        /**
         * Replace the directory
         * @description The whole document as JSON, or the people as CSV (`id,name,aliases,team,time_zone,work_start,work_end,work_days,manager,valid_from`; lists separated by `;`; teams that do not exist yet are made). Admins.
         */
        put: operations["putDirectory"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/directory/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change one person
         * @description Only the fields in the body change. Admins.
         */
        patch: operations["patchPerson"];
        trace?: never;
    };
    "/v1/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run SQL
         * @description Read-only, over the tables of the contract and the team views, with limits on time, memory and rows. The Accept header picks the form. An answer in JSON that a limit cut says `truncated`; any other form ends with a broken connection instead, so that nobody takes a part for the whole. Admins read every table as it is. Analysts read the tables of people and events with pseudonyms in the place of ids (the same for one id in all tables), without titles, URLs, unknown fields, positions and times of the log; `directory` without names, aliases and who leads; a team's name only where enough people carry it; and the team views. The team views have a row for every team and step in which anybody was active: figures of the team and all below it, or `suppressed` by the rule of the team pages.
         */
        post: operations["runSql"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the token speaks for */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Teams the caller may see */
        get: operations["listTeams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{id}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures of a span */
        get: operations["teamSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures step by step */
        get: operations["teamTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{id}/heatmap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Weekday by hour */
        get: operations["teamHeatmap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{id}/trends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures day by day */
        get: operations["teamTrends"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{id}/burnout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many are at which level of burnout risk
         * @description Day by day, of days that are over. Counts of people alone, from `k` people with a risk on (8, or what is configured above that); under a name nobody's risk is told to anyone else.
         */
        get: operations["teamBurnout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures of a span */
        get: operations["orgSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures step by step */
        get: operations["orgTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org/heatmap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Weekday by hour */
        get: operations["orgHeatmap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org/trends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures day by day */
        get: operations["orgTrends"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org/burnout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many are at which level of burnout risk
         * @description As `/v1/teams/{id}/burnout`, of the whole organisation.
         */
        get: operations["orgBurnout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/advice/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many people said of which kind of advice that it is not useful
         * @description Admins and analysts. Of everybody, from k people on and in steps of k: to see which advice is bad, not who said so.
         */
        get: operations["adviceFeedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures of a span
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures step by step
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/heatmap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Weekday by hour
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meHeatmap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/trends": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures day by day
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meTrends"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Focus blocks
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meBlocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/interruptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Interruptions
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meInterruptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/burnout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Burnout risk
         * @description The caller's own. Only for tokens that speak for a person.
         */
        get: operations["meBurnout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/advice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Advice from one's own last six weeks
         * @description The caller's own. Only for tokens that speak for a person. Hours that hold most undisturbed focus, a half-day to keep free of meetings, gaps between meetings, pauses, late evenings and short nights: each only where the difference is more than chance and large enough to matter, with its evidence. Five at most, the strongest first. Pieces that were said to be not useful within the last 90 days are in `hidden` instead.
         */
        get: operations["meAdvice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/advice/{id}/not-useful": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a piece of advice is not useful
         * @description It is not shown again for 90 days, nor are hours that overlap those it named. Kept, and counted without telling who.
         */
        post: operations["postAdviceNotUseful"];
        /**
         * Take it back
         * @description Also where nothing was said.
         */
        delete: operations["deleteAdviceNotUseful"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/outlook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The next two weeks, what changed, and how the weeks went
         * @description The caller's own, from their last 26 weeks up to yesterday, of days that are final. Only for tokens that speak for a person. Forecasts are for days that are worked: who is ill or on holiday is not foreseen. Under four weeks of history, or ten worked days in the last eight weeks, there are no numbers.
         */
        get: operations["meOutlook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burnout/accuracy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How often a risk is wrong
         * @description For anyone it is told of: what it is, what it is not, its error rates here and in published studies.
         */
        get: operations["burnoutAccuracy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Models of burnout risk
         * @description Cards, turns, and how each does on the answers of the last weeks. Admins and analysts.
         */
        get: operations["listModels"];
        put?: never;
        /**
         * Add a model
         * @description By its card. It runs beside and is shown to nobody; once is enough. Admins.
         */
        post: operations["addModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a model its turn
         * @description From a day on it tells the risk of a share of the people; the newest turn that holds decides. One that does not beat the baseline on people it has not seen is refused. Admins.
         */
        post: operations["giveTurn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live feed (WebSocket)
         * @description Subprotocol `focusflow.v1`. The token goes into the Authorization header or, from a browser, into the list of subprotocols as `bearer.SECRET`.
         *
         *     Client: `LiveSubscribe`. Server: `LiveMessage`; the data are `TeamLive` for `team:ID` and `org`, `MeLive` for `me`, `PipelineLive` for `pipeline`. First a snapshot, then deltas whose `seq` counts up by one; `from` resumes after that seq with the missed deltas, or with a new snapshot when they are gone. A reader too slow for the deltas gets a snapshot with a jumped `seq` instead. The server pings every 15 s and closes after 45 s of silence.
         *
         *     Error codes: `bad_message`, `unknown_op`, `unknown_topic`, `forbidden`, `too_many_subscriptions`, `duplicate_sub`, `unknown_sub`, `too_many_messages` (over 100 a second), `unavailable` (try again in a moment).
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live feed (Server-Sent Events)
         * @description The same messages as the WebSocket.
         */
        get: operations["liveEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tokens
         * @description Without secrets. Admins.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make a token
         * @description The secret is shown this once. Admins.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token
         * @description Admins.
         */
        delete: operations["deleteToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page to try the API */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is up */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ready to serve */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics of this process */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description RFC 9457. Codes: `unauthorized`, `forbidden`, `not_found`, `bad_request`, `bad_parameter`, `bad_directory`, `bad_token`, `conflict`, `unsupported_media_type`, `not_acceptable`, `method_not_allowed`, `too_large`, `sql_error`, `sql_forbidden`, `sql_limit`, `too_many_queries` and `too_many_connections` (429: this token has its share in use), `busy` (503: the server has), `unavailable`, `internal`.
         * @example {
         *       "type": "about:blank#bad_parameter",
         *       "title": "Bad Request",
         *       "status": 400,
         *       "code": "bad_parameter",
         *       "detail": "step must be 5m, 1h or 1d, not 7m",
         *       "field": "step"
         *     }
         */
        Problem: {
            /** @description Always `about:blank#CODE`; the code is what to switch on. */
            type: string;
            /** @description The status in words. */
            title: string;
            status: number;
            /** @description Stable. */
            code: string;
            /** @description What is wrong and what to do about it. */
            detail: string;
            /** @description SQL: where, from 1. */
            line?: number;
            /** @description SQL: where, from 1. */
            column?: number;
            /** @description The parameter or field that is wrong. */
            field?: string;
        };
        /**
         * @description ingest sends events and reads nothing; member sees themselves; manager the teams they lead as well; analyst all team views, and SQL on pseudonyms; admin configures, sees all team views and runs SQL on everything.
         * @enum {string}
         */
        Role: "ingest" | "member" | "manager" | "analyst" | "admin";
        /**
         * @example {
         *       "role": "manager",
         *       "person": "p-17",
         *       "name": "Ada",
         *       "teams": [
         *         "t-1",
         *         "t-2"
         *       ],
         *       "org": false
         *     }
         */
        WhoAmI: {
            role: components["schemas"]["Role"];
            /** @description The person this token speaks for. */
            person: string | null;
            /** @description That person's name. */
            name: string | null;
            /** @description Ids of the teams the caller may see. */
            teams: string[];
            /** @description Whether the caller may see the organisation. */
            org: boolean;
        };
        /**
         * @example {
         *       "kind": "team",
         *       "id": "t-1",
         *       "name": "Payments"
         *     }
         */
        Scope: {
            /** @enum {string} */
            kind: "me" | "team" | "org";
            id: string;
            name: string;
        };
        Stat: {
            /** Format: double */
            mean: number;
            /** Format: double */
            median: number;
            /**
             * Format: double
             * @description 90th percentile, linear between closest ranks
             */
            p90: number;
        };
        /** @description Each metric of `user_daily` over person-days: one observation for each person and local day with any active time. A metric is null when too few people have it (`focus_score` needs 30 active minutes). */
        Figures: {
            active_ms: components["schemas"]["Stat"] | null;
            focus_ms: components["schemas"]["Stat"] | null;
            comm_ms: components["schemas"]["Stat"] | null;
            meeting_ms: components["schemas"]["Stat"] | null;
            switches: components["schemas"]["Stat"] | null;
            blocks: components["schemas"]["Stat"] | null;
            deep_blocks: components["schemas"]["Stat"] | null;
            block_ms: components["schemas"]["Stat"] | null;
            stretch_ms: components["schemas"]["Stat"] | null;
            messages_received: components["schemas"]["Stat"] | null;
            messages_sent: components["schemas"]["Stat"] | null;
            interruptions: components["schemas"]["Stat"] | null;
            self_interruptions: components["schemas"]["Stat"] | null;
            load: components["schemas"]["Stat"] | null;
            interruption_score: components["schemas"]["Stat"] | null;
            focus_score: components["schemas"]["Stat"] | null;
            after_hours_ms: components["schemas"]["Stat"] | null;
        };
        /** @description One person's figures of one local day, as in `user_daily`. */
        PersonFigures: {
            /** Format: double */
            active_ms: number;
            /** Format: double */
            focus_ms: number;
            /** Format: double */
            comm_ms: number;
            /** Format: double */
            meeting_ms: number;
            /** Format: double */
            switches: number;
            /** Format: double */
            blocks: number;
            /** Format: double */
            deep_blocks: number;
            /** Format: double */
            block_ms: number;
            /** Format: double */
            stretch_ms: number;
            /** Format: double */
            messages_received: number;
            /** Format: double */
            messages_sent: number;
            /** Format: double */
            interruptions: number;
            /** Format: double */
            self_interruptions: number;
            /** Format: double */
            load: number;
            /** Format: double */
            interruption_score: number;
            /** Format: double */
            focus_score: number | null;
            /** Format: double */
            after_hours_ms: number;
        };
        TeamEntry: {
            id: string;
            name: string;
            parent: string | null;
            /**
             * Format: int64
             * @description People in it and in its sub-teams today; null under k, and where it would tell of fewer than k people elsewhere.
             */
            members: number | null;
        };
        /**
         * @example {
         *       "teams": [
         *         {
         *           "id": "t-0",
         *           "name": "Engineering",
         *           "parent": null,
         *           "members": 24
         *         },
         *         {
         *           "id": "t-1",
         *           "name": "Payments",
         *           "parent": "t-0",
         *           "members": 9
         *         }
         *       ]
         *     }
         */
        Teams: {
            teams: components["schemas"]["TeamEntry"][];
        };
        /**
         * @description Days on which the unit is suppressed are left out of the span, so that no difference of two spans shows them.
         * @example {
         *       "scope": {
         *         "kind": "team",
         *         "id": "t-1",
         *         "name": "Payments"
         *       },
         *       "from": "2026-11-14",
         *       "to": "2026-11-20",
         *       "k": 5,
         *       "n": 9,
         *       "suppressed": false,
         *       "rolled_up_to": null,
         *       "rolled_up_to_name": null,
         *       "days": 5,
         *       "figures": {
         *         "active_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "focus_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "comm_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "meeting_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "switches": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "blocks": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "deep_blocks": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "block_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "stretch_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "messages_received": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "messages_sent": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "interruptions": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "self_interruptions": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "load": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "interruption_score": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "focus_score": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         },
         *         "after_hours_ms": {
         *           "mean": 7.5,
         *           "median": 7,
         *           "p90": 12
         *         }
         *       }
         *     }
         */
        Summary: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            /** Format: int64 */
            k: number;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed: boolean;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name: string | null;
            /**
             * Format: int64
             * @description Local days with figures in the span.
             */
            days: number;
            figures: components["schemas"]["Figures"] | null;
        };
        MySummary: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            /**
             * Format: int64
             * @description Days with any active time.
             */
            days: number;
            figures: components["schemas"]["Figures"] | null;
        };
        /** @description Means over the people with active time in the step. `interruption_score` is the mean of the windows' (for 1d of the days') scores. */
        TimelinePoint: {
            /**
             * Format: int64
             * @description Start of the step, UTC milliseconds
             */
            start: number;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed: boolean;
            /** Format: double */
            active_ms: number | null;
            /** Format: double */
            focus_ms: number | null;
            /** Format: double */
            meeting_ms: number | null;
            /** Format: double */
            interruptions: number | null;
            /** Format: double */
            interruption_score: number | null;
            /** Format: double */
            load: number | null;
        };
        /**
         * @example {
         *       "scope": {
         *         "kind": "team",
         *         "id": "t-1",
         *         "name": "Payments"
         *       },
         *       "from": 1700000000000,
         *       "to": 1700086400000,
         *       "step": "5m",
         *       "time_zone": "Europe/Berlin",
         *       "k": 5,
         *       "rolled_up_to": null,
         *       "rolled_up_to_name": null,
         *       "points": [
         *         {
         *           "start": 1700000100000,
         *           "n": 9,
         *           "suppressed": false,
         *           "active_ms": 240000,
         *           "focus_ms": 120000,
         *           "meeting_ms": 0,
         *           "interruptions": 0.4,
         *           "interruption_score": 11.2,
         *           "load": 0.5
         *         },
         *         {
         *           "start": 1700000400000,
         *           "n": null,
         *           "suppressed": true,
         *           "active_ms": null,
         *           "focus_ms": null,
         *           "meeting_ms": null,
         *           "interruptions": null,
         *           "interruption_score": null,
         *           "load": null
         *         }
         *       ]
         *     }
         */
        Timeline: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            from: number;
            /**
             * Format: int64
             * @description Excluded, UTC milliseconds
             */
            to: number;
            /** @enum {string} */
            step: "5m" | "1h" | "1d";
            /** @description Where hours and days begin. */
            time_zone: string;
            /** Format: int64 */
            k: number;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name: string | null;
            /** @description Steps with any activity, in order. */
            points: components["schemas"]["TimelinePoint"][];
        };
        HeatCell: {
            /** @description Monday is 0. */
            weekday: number;
            hour: number;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed: boolean;
            /**
             * Format: double
             * @description Mean over person-hours.
             */
            focus_ms: number | null;
            /**
             * Format: double
             * @description Mean over person-hours.
             */
            active_ms: number | null;
            /**
             * Format: double
             * @description Mean over person-hours.
             */
            interruptions: number | null;
            /**
             * Format: double
             * @description Mean of the windows' scores.
             */
            interruption_score: number | null;
        };
        /**
         * @example {
         *       "scope": {
         *         "kind": "org",
         *         "id": "org",
         *         "name": "Organisation"
         *       },
         *       "from": "2026-11-14",
         *       "to": "2026-11-20",
         *       "time_zone": "Europe/Berlin",
         *       "k": 5,
         *       "rolled_up_to": null,
         *       "rolled_up_to_name": null,
         *       "cells": [
         *         {
         *           "weekday": 0,
         *           "hour": 9,
         *           "n": 42,
         *           "suppressed": false,
         *           "focus_ms": 1200000,
         *           "active_ms": 2400000,
         *           "interruptions": 0.7,
         *           "interruption_score": 21
         *         }
         *       ]
         *     }
         */
        HeatMap: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            /** @description The zone most people of the unit have; weekday and hour are in it. */
            time_zone: string;
            /** Format: int64 */
            k: number;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name: string | null;
            /** @description Cells with any activity. */
            cells: components["schemas"]["HeatCell"][];
        };
        TrendPoint: {
            /** Format: date */
            day: string;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed: boolean;
            figures: components["schemas"]["Figures"] | null;
        };
        Trends: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            /** Format: int64 */
            k: number;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name: string | null;
            /** @description Days with any activity. */
            points: components["schemas"]["TrendPoint"][];
        };
        MyTrendPoint: {
            /** Format: date */
            day: string;
            figures: components["schemas"]["PersonFigures"];
            /**
             * Format: int64
             * @description Workdays in a row with two hours of focus blocks.
             */
            streak_days: number;
            /**
             * Format: int64
             * @description Since the day before's last activity.
             */
            rest_ms: number | null;
            /** @description No event awaited can change it. */
            final: boolean;
        };
        MyTrends: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            points: components["schemas"]["MyTrendPoint"][];
        };
        FocusBlock: {
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            start: number;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            end: number;
            /** Format: int64 */
            focus_ms: number;
            /** @description At least 60 minutes. */
            deep: boolean;
            /** Format: int64 */
            interruptions: number;
            final: boolean;
        };
        FocusBlocks: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            blocks: components["schemas"]["FocusBlock"][];
            /** @description There are more than the limit: ask for a shorter span. */
            truncated: boolean;
        };
        Interruption: {
            message_id: string;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            ts: number;
            channel: string;
            /** @enum {string} */
            kind: "dm" | "mention" | "channel" | "email" | "call";
            /** @enum {string} */
            in_focus_by: "session" | "flow";
            attended: boolean;
            /**
             * Format: int64
             * @description To the return to focus.
             */
            lag_ms: number;
            /** Format: double */
            load: number;
            final: boolean;
        };
        Interruptions: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            interruptions: components["schemas"]["Interruption"][];
            truncated: boolean;
        };
        Factor: {
            name: string;
            /**
             * Format: double
             * @description 0..1
             */
            value: number;
            /**
             * Format: double
             * @description Weight times value.
             */
            contribution: number;
        };
        BurnoutPoint: {
            /** Format: date */
            day: string;
            /**
             * Format: double
             * @description 0..1; null without enough data
             */
            risk: number | null;
            /**
             * Format: double
             * @description How sure it is: nine of ten risks of days drawn anew from those there were lie from here to `risk_high`.
             */
            risk_low: number | null;
            /** Format: double */
            risk_high: number | null;
            /** @enum {string|null} */
            level: "low" | "elevated" | "high" | null;
            /** @enum {string} */
            status: "ok" | "insufficient_data";
            model: string;
            /** Format: int64 */
            active_days: number;
            /** @description Largest contribution first. */
            features: components["schemas"]["Factor"][];
            final: boolean;
        };
        /** @description A prompt for a conversation about workload, not a diagnosis. By name shown to the person alone; in SQL analysts see it under pseudonyms. */
        Burnout: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            points: components["schemas"]["BurnoutPoint"][];
        };
        /**
         * @example {
         *       "name": "undisturbed_share",
         *       "what": "Undisturbed focus, of active time",
         *       "unit": "share",
         *       "here": 0.62,
         *       "elsewhere": 0.41,
         *       "n_here": 23,
         *       "n_elsewhere": 23,
         *       "of": "days"
         *     }
         */
        Evidence: {
            /** @description Stable. */
            name: string;
            /** @description In words. */
            what: string;
            /** @enum {string} */
            unit: "share" | "ms" | "per_hour" | "per_week";
            /**
             * Format: double
             * @description null where there is nothing to take a mean of
             */
            here: number | null;
            /**
             * Format: double
             * @description null where there is nothing to take a mean of
             */
            elsewhere: number | null;
            /** Format: int64 */
            n_here: number;
            /** Format: int64 */
            n_elsewhere: number;
            /**
             * @description What `n_here` and `n_elsewhere` count.
             * @enum {string}
             */
            of: "days" | "half_days" | "stretches" | "blocks" | "gaps";
        };
        Advice: {
            /** @description Kind and subject; the same as long as the advice is. */
            id: string;
            /** @enum {string} */
            kind: "focus-hours" | "meeting-free" | "meeting-gaps" | "breaks" | "late-evenings" | "short-nights";
            title: string;
            /** @description The evidence in a sentence. */
            why: string;
            /**
             * Format: date
             * @description First day of the evidence.
             */
            since: string;
            /**
             * Format: date
             * @description Last day of the evidence.
             */
            until: string;
            /** @description What `here` of the evidence is. */
            here: string;
            /** @description What it is compared with. */
            elsewhere: string;
            evidence: components["schemas"]["Evidence"][];
        };
        HiddenAdvice: {
            id: string;
            /** @enum {string} */
            kind: "focus-hours" | "meeting-free" | "meeting-gaps" | "breaks" | "late-evenings" | "short-nights";
            title: string;
            /**
             * Format: int64
             * @description UTC milliseconds.
             */
            until: number;
        };
        MyAdvice: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day looked at.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day looked at, included.
             */
            to: string;
            /**
             * Format: int64
             * @description Workdays with at least an hour of activity.
             */
            days: number;
            /**
             * Format: int64
             * @description With fewer there is no advice.
             */
            least_days: number;
            advice: components["schemas"]["Advice"][];
            /** @description Said to be not useful, within the last 90 days. */
            hidden: components["schemas"]["HiddenAdvice"][];
        };
        AdviceKindFeedback: {
            /** @enum {string} */
            kind: "focus-hours" | "meeting-free" | "meeting-gaps" | "breaks" | "late-evenings" | "short-nights";
            /**
             * Format: int64
             * @description In steps of k; null below k.
             */
            people: number | null;
            suppressed: boolean;
        };
        AdviceFeedback: {
            /** Format: int64 */
            k: number;
            kinds: components["schemas"]["AdviceKindFeedback"][];
        };
        /**
         * @description A column of user_daily.
         * @enum {string}
         */
        OutlookMeasure: "focus_ms" | "load" | "active_ms" | "after_hours_ms" | "meeting_ms";
        /** @description What the forecast would have been worth for this person. */
        Backtest: {
            /** @description Forecasts made from past days on, with what was known then, two to fifteen days ahead, of days that were worked. */
            forecasts: number;
            /** @description Days they were of. */
            days: number;
            /** @description Mean absolute error of a level with weekdays, in the measure's unit. */
            mean_error: number;
            /** @description Of the same weekday last week, or the last one known that was worked. */
            mean_error_same_weekday: number;
            /** @description If not, the same weekday last week is what is shown. */
            beats_same_weekday: boolean;
            /** @description Share of the days that lay within the interval, made each time of errors that were known by then. To be compared with `level`; null where none had enough before it. */
            coverage: number | null;
            /** @description Forecasts that the coverage is of. */
            coverage_forecasts: number;
        };
        ForeseenDay: {
            /** Format: date */
            day: string;
            /** @description No work is to be expected, by working hours and by habit: no numbers. */
            day_off: boolean;
            value: number | null;
            low: number | null;
            high: number | null;
        };
        RecentDay: {
            /** Format: date */
            day: string;
            /** @description Null where nobody worked, or the day is not final. */
            value: number | null;
        };
        Forecast: {
            measure: components["schemas"]["OutlookMeasure"];
            /**
             * @description A level that follows the last weeks with what each weekday adds; or, where that was no better, the same weekday last week.
             * @enum {string}
             */
            method: "weekday_level" | "same_weekday_last_week";
            /** @description How often a day is to lie between low and high. */
            level: number;
            backtest: components["schemas"]["Backtest"];
            /** @description The last 28 days. */
            recent: components["schemas"]["RecentDay"][];
            /** @description The 14 days after today. */
            days: components["schemas"]["ForeseenDay"][];
        };
        /** @description A workday of the last four weeks that is beyond everything in the eight weeks before it. */
        UnusualDay: {
            measure: components["schemas"]["OutlookMeasure"];
            /** Format: date */
            day: string;
            value: number;
            /** @description The median of the workdays before it. */
            usual: number;
            /** @description How many those are, within eight weeks. */
            workdays: number;
            /** @description How far from the usual, in robust spreads of single days. */
            strength: number;
        };
        /** @description A shift of a level that lasted ten workdays or more. */
        LevelChange: {
            measure: components["schemas"]["OutlookMeasure"];
            /**
             * Format: date
             * @description The first workday of the new level.
             */
            day: string;
            /** @description Median of the workdays before. */
            before: number;
            /** @description Median of the workdays from then on. */
            after: number;
            /** @description Up to the change before it. */
            workdays_before: number;
            /** @description Up to the change after it. */
            workdays_after: number;
            /** @description Of the change, in robust spreads of single days. */
            strength: number;
        };
        WorkWeek: {
            /**
             * @description ISO 8601.
             * @example 2026-W12
             */
            week: string;
            /**
             * Format: date
             * @description Monday.
             */
            from: string;
            /**
             * Format: date
             * @description Sunday.
             */
            to: string;
            /** @description Working days that were worked. Fewer than three say nothing, and the rest is null. */
            workdays: number;
            /**
             * @description Low: under 3 active clock hours. Always on: 13 or more. Long: more than expected. Continuous: no empty clock hour between the first and the last.
             * @enum {string|null}
             */
            pattern: "low" | "standard_continuous" | "standard_flexible" | "long_flexible" | "long_continuous" | "always_on" | null;
            /** @description All active clock hours within working hours or next to them. */
            within_schedule: boolean | null;
            /**
             * @description Standard: more than 70 % of the active time inside working hours. Overnight: less than 30 %. Else where most of the rest is.
             * @enum {string|null}
             */
            time_of_day: "standard" | "morning" | "evening" | "overnight" | null;
            /** @description Clock hours with 10 minutes of activity on two workdays of the week. */
            active_hours: number | null;
            /** @description From the first of them to the last. */
            span_hours: number | null;
            /** @description Empty ones between. */
            break_hours: number | null;
            /** @description Hours of the longest working day, and one. */
            expected_hours: number | null;
            /** @description Share of the workdays' active time inside working hours. */
            inside: number | null;
            before: number | null;
            after: number | null;
        };
        /** @description One person's own history, for that person alone. */
        MyOutlook: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day looked at.
             */
            from: string;
            /**
             * Format: date
             * @description Yesterday, in the caller's zone.
             */
            to: string;
            time_zone: string;
            /** @description If not, forecasts, unusual days and changes are empty. */
            enough_history: boolean;
            /** @description Days from the first worked one to yesterday. */
            history_days: number;
            history_days_needed: number;
            /** @description Of the last eight weeks. */
            worked_days: number;
            worked_days_needed: number;
            /** @description Of focus_ms and load; one with too little to be tried on is left out. */
            forecasts: components["schemas"]["Forecast"][];
            /** @description The strongest, latest first, five at most. */
            unusual: components["schemas"]["UnusualDay"][];
            /** @description The strongest, latest first, five at most. */
            changes: components["schemas"]["LevelChange"][];
            /** @description Whole weeks, in order. */
            weeks: components["schemas"]["WorkWeek"][];
        };
        LevelsPoint: {
            /** Format: date */
            day: string;
            /**
             * Format: int64
             * @description People with any active time on the day and a risk.
             */
            n: number | null;
            /** @description Too few people: every count is null. */
            suppressed: boolean;
            /** Format: int64 */
            low: number | null;
            /** Format: int64 */
            elevated: number | null;
            /** Format: int64 */
            high: number | null;
            /**
             * Format: int64
             * @description Fewer than 10 active days in four weeks; null too where that would be told of too few.
             */
            insufficient_data: number | null;
        };
        TeamBurnout: {
            scope: components["schemas"]["Scope"];
            /**
             * Format: date
             * @description First local day.
             */
            from: string;
            /**
             * Format: date
             * @description Last local day, included.
             */
            to: string;
            /** Format: int64 */
            k: number;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name: string | null;
            points: components["schemas"]["LevelsPoint"][];
        };
        /**
         * @example {
         *       "sql": "SELECT team_id, n, active_ms_mean FROM team_daily WHERE day >= $1",
         *       "params": [
         *         "2026-11-01"
         *       ]
         *     }
         */
        SqlRequest: {
            /** @description One SELECT. */
            sql: string;
            /** @description For `$1` (a list) or `$name` (an object). */
            params?: unknown[] | {
                [key: string]: unknown;
            };
        };
        SqlColumn: {
            name: string;
            /** @description Arrow's name of the type. */
            type: string;
        };
        /**
         * @example {
         *       "columns": [
         *         {
         *           "name": "n",
         *           "type": "Int64"
         *         }
         *       ],
         *       "rows": [
         *         [
         *           42
         *         ]
         *       ],
         *       "truncated": false
         *     }
         */
        SqlResult: {
            columns: components["schemas"]["SqlColumn"][];
            rows: unknown[][];
            /** @description A limit cut the answer; `error` says which. */
            truncated: boolean;
            error?: components["schemas"]["Problem"];
        };
        Team: {
            id: string;
            name: string;
            parent?: string;
        };
        WorkingHours: {
            /** @example 09:00 */
            start?: string;
            /**
             * @description At or before start: runs into the next day.
             * @example 17:00
             */
            end?: string;
            days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
        };
        /**
         * @description One entry of a person's history; most people have one.
         * @example {
         *       "id": "p-17",
         *       "name": "Ada",
         *       "aliases": [
         *         "slack:U17"
         *       ],
         *       "team": "t-1",
         *       "time_zone": "Europe/Berlin",
         *       "working_hours": {
         *         "start": "09:00",
         *         "end": "17:00",
         *         "days": [
         *           "mon",
         *           "tue",
         *           "wed",
         *           "thu",
         *           "fri"
         *         ]
         *       },
         *       "manager": true
         *     }
         */
        PersonEntry: {
            id: string;
            name?: string;
            /** @description Such as `slack:U1`, `email:a@x.org`. */
            aliases?: string[];
            team?: string;
            /** @description IANA; UTC when left out. */
            time_zone?: string;
            working_hours?: components["schemas"]["WorkingHours"];
            /** @description Leads the team. */
            manager?: boolean;
            /**
             * Format: date
             * @description The entry holds from the start of that local date; for all time without it.
             */
            valid_from?: string;
        };
        /**
         * @description Only the fields to change; null empties name or team. With `valid_from` the entry of that date changes, made from the one before it when there is none; without it the latest entry changes.
         * @example {
         *       "team": "t-2",
         *       "valid_from": "2026-12-01"
         *     }
         */
        PersonPatch: {
            name?: string | null;
            /** @description Such as `slack:U1`, `email:a@x.org`. */
            aliases?: string[];
            team?: string | null;
            /** @description IANA; UTC when left out. */
            time_zone?: string;
            working_hours?: components["schemas"]["WorkingHours"];
            /** @description Leads the team. */
            manager?: boolean;
            /**
             * Format: date
             * @description The entry holds from the start of that local date; for all time without it.
             */
            valid_from?: string;
        };
        /**
         * @example {
         *       "teams": [
         *         {
         *           "id": "t-1",
         *           "name": "Payments"
         *         }
         *       ],
         *       "people": [
         *         {
         *           "id": "p-17",
         *           "name": "Ada",
         *           "team": "t-1",
         *           "time_zone": "Europe/Berlin"
         *         }
         *       ]
         *     }
         */
        Directory: {
            teams?: components["schemas"]["Team"][];
            people?: components["schemas"]["PersonEntry"][];
        };
        /**
         * @example {
         *       "version": 7,
         *       "teams": 12,
         *       "people": 104
         *     }
         */
        DirectoryStored: {
            /**
             * Format: int64
             * @description Of the control data; grows with each change.
             */
            version: number;
            /** Format: int64 */
            teams: number;
            /**
             * Format: int64
             * @description Distinct people.
             */
            people: number;
        };
        /**
         * @example {
         *       "name": "laptop of Ada",
         *       "role": "member",
         *       "person": "p-17"
         *     }
         */
        TokenRequest: {
            /** @description What the holder calls it; the `source` of events sent with it. */
            name: string;
            role: components["schemas"]["Role"];
            /** @description Needed for member and manager. */
            person?: string;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            expires_at?: number | null;
        };
        Token: {
            id: string;
            name: string;
            role: components["schemas"]["Role"];
            person: string | null;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            created_at: number;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            expires_at: number | null;
        };
        TokenCreated: {
            id: string;
            name: string;
            role: components["schemas"]["Role"];
            person: string | null;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            created_at: number;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            expires_at: number | null;
            /** @description Shown this once. */
            secret: string;
        };
        Tokens: {
            tokens: components["schemas"]["Token"][];
        };
        Part: {
            name: string;
            ok: boolean;
            detail: string;
        };
        /**
         * @example {
         *       "ready": true,
         *       "parts": [
         *         {
         *           "name": "log",
         *           "ok": true,
         *           "detail": "16 partitions"
         *         },
         *         {
         *           "name": "store",
         *           "ok": true,
         *           "detail": "answers"
         *         },
         *         {
         *           "name": "control",
         *           "ok": true,
         *           "detail": "version 7"
         *         },
         *         {
         *           "name": "live",
         *           "ok": true,
         *           "detail": "runs"
         *         },
         *         {
         *           "name": "processors",
         *           "ok": true,
         *           "detail": "caught up with the log as it stood at start"
         *         }
         *       ]
         *     }
         */
        Readiness: {
            ready: boolean;
            parts: components["schemas"]["Part"][];
        };
        Health: {
            /** @enum {string} */
            status: "up";
            version: string;
        };
        /** @description Unknown fields are kept in `extra`. */
        ActivityEvent: {
            /** @description The producer's idempotency key: a UUID or ULID. */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "activity";
            /** @description A directory id, or an alias such as `slack:U123`. */
            user: string;
            /** @description RFC 3339 with a zone, or UTC milliseconds. */
            ts: string | number;
            app: string;
            /** Format: int64 */
            duration_ms: number;
            afk?: boolean;
            /** @enum {string} */
            category?: "coding" | "writing" | "design" | "data" | "learning" | "communication" | "meeting" | "planning" | "browsing" | "entertainment" | "other";
            /** @description Dropped unless the organisation switched titles on. */
            title?: string;
            /** @description Dropped unless the organisation switched URLs on. */
            url?: string;
            device?: string;
        } & {
            [key: string]: unknown;
        };
        /** @description Unknown fields are kept in `extra`. */
        MessageEvent: {
            /** @description The producer's idempotency key: a UUID or ULID. */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message";
            /** @description A directory id, or an alias such as `slack:U123`. */
            user: string;
            /** @description RFC 3339 with a zone, or UTC milliseconds. */
            ts: string | number;
            channel: string;
            /** @enum {string} */
            kind: "dm" | "mention" | "channel" | "email" | "call";
            /** @enum {string} */
            direction: "received" | "sent";
            peer?: string;
            thread?: string;
            /** @description Default true. */
            notified?: boolean;
            /**
             * Format: int64
             * @description What the client says stands; a received message without one gets one.
             */
            priority?: number;
            /** @description Read in memory for the priority of a received message, and dropped before anything is written. */
            text?: string;
        } & {
            [key: string]: unknown;
        };
        /** @description Unknown fields are kept in `extra`. */
        SessionEvent: {
            /** @description The producer's idempotency key: a UUID or ULID. */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "session";
            /** @description A directory id, or an alias such as `slack:U123`. */
            user: string;
            /** @description RFC 3339 with a zone, or UTC milliseconds. */
            ts: string | number;
            session: string;
            /** @enum {string} */
            kind: "focus" | "pomodoro" | "meeting" | "break" | "checkin";
            /** @enum {string} */
            phase: "start" | "pause" | "resume" | "end" | "abandon";
            /** Format: int64 */
            planned_ms?: number;
            /** Format: int64 */
            mood?: number;
            /** Format: int64 */
            energy?: number;
            /** Format: int64 */
            burnout?: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @example {
         *       "id": "01JD0000000000000000000001",
         *       "type": "activity",
         *       "user": "p-17",
         *       "ts": "2026-11-20T09:00:00+01:00",
         *       "app": "editor",
         *       "duration_ms": 60000,
         *       "category": "coding"
         *     }
         */
        Event: components["schemas"]["ActivityEvent"] | components["schemas"]["MessageEvent"] | components["schemas"]["SessionEvent"];
        Rejected: {
            /**
             * Format: int64
             * @description Place in the batch, from 0.
             */
            index: number;
            /** @enum {string} */
            code: "malformed" | "unknown_type" | "missing" | "bad_field" | "out_of_range" | "in_future" | "too_old" | "too_large";
            message: string;
        };
        /**
         * @example {
         *       "accepted": 2,
         *       "rejected": [
         *         {
         *           "index": 1,
         *           "code": "missing",
         *           "message": "user is missing"
         *         }
         *       ]
         *     }
         */
        Ingested: {
            /** Format: int64 */
            accepted: number;
            rejected: components["schemas"]["Rejected"][];
            /**
             * Format: int64
             * @description Where more were rejected than are listed.
             */
            rejected_total?: number;
            /** @description With ?priorities=true, in order, unless they are switched off. */
            priorities?: components["schemas"]["MessagePriority"][];
            /**
             * Format: int64
             * @description Where there are more than are listed.
             */
            priorities_total?: number;
        };
        /**
         * @example {
         *       "index": 0,
         *       "priority": 91,
         *       "band": "notify"
         *     }
         */
        MessagePriority: {
            /**
             * Format: int64
             * @description Of the event in the request, from 0.
             */
            index: number;
            /** Format: int64 */
            priority: number;
            /**
             * @description By the settings of [priority]: tell the person now, at the next break, or let them find it.
             * @enum {string}
             */
            band: "notify" | "queue" | "hold";
        };
        LiveNow: {
            /** Format: int64 */
            active: number;
            /** Format: int64 */
            in_focus: number;
            /** Format: int64 */
            in_meeting: number;
        };
        LiveToday: {
            /**
             * Format: date
             * @description The date in the time zone of the unit asked for; each person counts with their day of that date.
             */
            day: string;
            focus_ms: components["schemas"]["Stat"] | null;
            active_ms: components["schemas"]["Stat"] | null;
            interruptions: components["schemas"]["Stat"] | null;
            interruption_score: components["schemas"]["Stat"] | null;
            focus_score: components["schemas"]["Stat"] | null;
            load: components["schemas"]["Stat"] | null;
            switches: components["schemas"]["Stat"] | null;
            meeting_ms: components["schemas"]["Stat"] | null;
        };
        LiveWindow: {
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            start: number;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed: boolean;
            /** Format: double */
            active_ms: number | null;
            /** Format: double */
            focus_ms: number | null;
            /** Format: double */
            meeting_ms: number | null;
            /** Format: double */
            interruptions: number | null;
            /** Format: double */
            interruption_score: number | null;
            /** Format: double */
            load: number | null;
        };
        /** @description The data of `team:ID` and `org`. A snapshot has every field; a delta only what changed, and `at` and `freshness_ms`. A null replaces what was there. */
        TeamLive: {
            scope?: components["schemas"]["Scope"];
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            at: number;
            /** Format: int64 */
            k?: number;
            /**
             * Format: int64
             * @description People who contribute; null when suppressed.
             */
            n?: number | null;
            /** @description Fewer than k people contribute, or the figure would give away one of fewer than k by subtraction: every figure is null. */
            suppressed?: boolean;
            /** @description The unit whose figures these are, when the one asked for is too small: the nearest one above it with enough people (`org` for the organisation). */
            rolled_up_to?: string | null;
            /** @description Its name, which who may ask for the small unit may not find among the teams they see. */
            rolled_up_to_name?: string | null;
            now?: components["schemas"]["LiveNow"] | null;
            today?: components["schemas"]["LiveToday"] | null;
            /** @description Of today; in a delta only those that changed, by start. */
            windows?: components["schemas"]["LiveWindow"][];
            /**
             * Format: int64
             * @description Age of the newest event in the message; null when none was new.
             */
            freshness_ms?: number | null;
        };
        MyWindow: {
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            window_start: number;
            /** Format: int64 */
            active_ms: number;
            /** Format: int64 */
            focus_ms: number;
            /** Format: int64 */
            comm_ms: number;
            /** Format: int64 */
            meeting_ms: number;
            /** Format: int64 */
            switches: number;
            /** Format: int64 */
            messages_received: number;
            /** Format: int64 */
            interruptions: number;
            /** Format: double */
            load: number;
            /** Format: double */
            interruption_score: number;
        };
        MyDay: {
            /** Format: date */
            day: string;
            /** Format: int64 */
            active_ms: number;
            /** Format: int64 */
            focus_ms: number;
            /** Format: int64 */
            comm_ms: number;
            /** Format: int64 */
            meeting_ms: number;
            /** Format: int64 */
            switches: number;
            /** Format: int64 */
            blocks: number;
            /** Format: int64 */
            deep_blocks: number;
            /** Format: int64 */
            stretch_ms: number;
            /** Format: int64 */
            messages_received: number;
            /** Format: int64 */
            messages_sent: number;
            /** Format: int64 */
            interruptions: number;
            /** Format: int64 */
            self_interruptions: number;
            /** Format: int64 */
            after_hours_ms: number;
            /** Format: double */
            load: number;
            /** Format: double */
            interruption_score: number;
            /** Format: double */
            focus_score: number | null;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            first_active: number | null;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            last_active: number | null;
        };
        MyNow: {
            active: boolean;
            in_focus: boolean;
            in_meeting: boolean;
            /**
             * Format: int64
             * @description Since when in focus, else in a meeting, else active, UTC milliseconds
             */
            since: number | null;
        };
        /** @description The data of `me`, snapshot and delta as with a team. */
        MeLive: {
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            at: number;
            day?: components["schemas"]["MyDay"] | null;
            windows?: components["schemas"]["MyWindow"][];
            now?: components["schemas"]["MyNow"];
            /** Format: int64 */
            freshness_ms?: number | null;
        };
        PipelinePartition: {
            /** Format: int64 */
            partition: number;
            /**
             * Format: int64
             * @description Of the log.
             */
            end: number;
            /**
             * Format: int64
             * @description Processed up to.
             */
            position: number;
            /** Format: int64 */
            lag: number;
        };
        /** @description The data of `pipeline`, once a second, always whole. */
        PipelineLive: {
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            at: number;
            /** Format: double */
            events_per_s?: number;
            /** Format: int64 */
            lag_events?: number;
            /** Format: int64 */
            lag_ms?: number | null;
            /** Format: int64 */
            freshness_ms?: number | null;
            /**
             * Format: int64
             * @description UTC milliseconds
             */
            watermark?: number | null;
            partitions?: components["schemas"]["PipelinePartition"][];
            /**
             * Format: int64
             * @description Live connections to this server.
             */
            connections?: number;
        };
        LiveSubscribe: {
            /** @enum {string} */
            op: "subscribe" | "unsubscribe";
            /** @description The client's name for the subscription. */
            sub: string;
            /** @description me, team:ID, org or pipeline. */
            topic?: string;
            /**
             * Format: int64
             * @description Resume after this seq.
             */
            from?: number;
        };
        LiveMessage: {
            sub?: string;
            /** @enum {string} */
            type: "snapshot" | "delta" | "error";
            /**
             * Format: int64
             * @description Of the topic. Counts up by one a delta; a snapshot may jump.
             */
            seq?: number;
            data?: components["schemas"]["TeamLive"] | components["schemas"]["MeLive"] | components["schemas"]["PipelineLive"];
            code?: string;
            message?: string;
        };
        RiskModel: {
            name: string;
            bias: number;
            /** @description In the order of the features. */
            weights: number[];
        };
        Reliability: {
            answers: number;
            told: number;
            came_true: number;
        };
        RiskThreshold: {
            from: number;
            flagged: number;
            /** @description Of the flagged, those who said yes. */
            precision: number | null;
            /** @description Of those who said yes, the flagged. */
            recall: number | null;
        };
        RiskScores: {
            /** @description That one who said yes is told more than one who said no; 0.5 is a coin. */
            auc: number;
            auc_low: number;
            auc_high: number;
            brier: number;
            calibration_error: number;
            reliability: components["schemas"]["Reliability"][];
            thresholds: components["schemas"]["RiskThreshold"][];
        };
        /** @description What `focusflow train` wrote: where a model comes from, how often it is right, and how it compares. */
        ModelCard: {
            /** @description Follows from bias and weights. */
            name: string;
            bias: number;
            weights: {
                [key: string]: number;
            };
            alpha: number;
            losses: number[][];
            data: {
                /** Format: date */
                from: string;
                /** Format: date */
                to: string;
                people: number;
                answers: number;
                yes_rate: number;
                /** @description Of each feature's values, the share that is 0 and in five bins of equal width. */
                features: {
                    [key: string]: number[];
                };
            };
            held_out: {
                people: number;
                answers: number;
                yes: number;
                learned: components["schemas"]["RiskScores"];
                baseline: components["schemas"]["RiskScores"];
                base_rate: components["schemas"]["RiskScores"];
                gain_low: number;
                gain_high: number;
            };
            verdict: {
                beats_the_baseline: boolean;
                reasons: string[];
            };
        };
        ModelTurn: {
            /** Format: date */
            from: string;
            model: string;
            /** @description Of a hundred people, the same ones always; 0 takes the model away. */
            share: number;
            decided_at: number;
            why: string;
        };
        /** @description Rounded to hundredths. */
        ModelLately: {
            model: string;
            auc: number;
            brier: number;
            calibration_error: number;
            told: number;
            came_true: number;
        };
        Models: {
            serving: string;
            baseline: components["schemas"]["RiskModel"];
            models: {
                added_at: number;
                /** @description Of a hundred people, those it tells today; 0 runs beside and is not shown. */
                share: number;
                card: components["schemas"]["ModelCard"];
            }[];
            turns: components["schemas"]["ModelTurn"][];
            /** @description On the answers of the last eight whole weeks; null until looked at, without figures where they would tell of single people (below 50 people, 200 answers, 8 people in the weeks that come in and go out). */
            lately: {
                /** Format: date */
                from: string;
                /** Format: date */
                to: string;
                people: number;
                answers: number;
                models: components["schemas"]["ModelLately"][];
                drift: {
                    feature: string;
                    /** @description Population stability index: from 0.25 on much. */
                    index: number;
                }[];
            } | null;
        };
        ModelTurnRequest: {
            /** @description Of a model that beats the baseline, or `baseline-1`. */
            model: string;
            /** @description How many turns `GET /v1/models` listed: with more by now, somebody else decided too, and it is refused. */
            seen: number;
            /**
             * @description Of a hundred people; 0 takes the model away.
             * @default 100
             */
            share: number;
            /**
             * Format: date
             * @description Up to 28 days back; tomorrow (UTC) when absent. Risks of days from then on are told anew.
             */
            from?: string;
            why?: string;
        };
        ModelDecided: {
            version: number;
        };
        /** @description What a risk of burnout is, what it is not, and how often it is wrong. */
        BurnoutAccuracy: {
            model: {
                name: string;
                learned: boolean;
                /** Format: date */
                since: string | null;
                beside: string[];
            };
            is: string;
            is_not: string[];
            seen_by: string;
            elevated_from: number;
            high_from: number;
            features: {
                name: string;
                weight: number;
            }[];
            /** @description On people it had not seen; null until a model's card is added. */
            measured: {
                people: number;
                answers: number;
                yes: number;
                /** Format: date */
                from: string;
                /** Format: date */
                to: string;
                scores: components["schemas"]["RiskScores"];
            } | null;
            /** @description On the answers of the last eight whole weeks, whichever model was shown; null where too few people answered. */
            lately: components["schemas"]["ModelLately"] | null;
            /** @description What independent studies found of models like this one. */
            published: {
                auc: number;
                sources: string[];
                right: {
                    auc: number;
                    base_rate: number;
                    precision: number;
                }[];
            };
        };
    };
    responses: {
        /** @description What is wrong, with a stable code. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
         * @example 2026-11-14
         */
        From: string;
        /**
         * @description RFC 3339 (excluded), or a date (included). Today when left out.
         * @example 2026-11-20
         */
        To: string;
        /** @description 5m when left out. */
        Step: "5m" | "1h" | "1d";
        TeamId: string;
        PersonId: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    sendEvents: {
        parameters: {
            query?: {
                /** @description true: the answer lists the priorities of the token's person's received messages. It needs a token that names a person; others are answered 403. */
                priorities?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Event"] | components["schemas"]["Event"][];
                "application/x-ndjson": string;
            };
        };
        responses: {
            /** @description Send events */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ingested"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    readDirectory: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Directory"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    putDirectory: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Directory"];
                "text/csv": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DirectoryStored"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    patchPerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PersonId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PersonPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonEntry"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    runSql: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SqlRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SqlResult"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                    "application/vnd.apache.arrow.stream": string;
                    "application/vnd.apache.parquet": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            406: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
            401: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    listTeams: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Teams"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    teamSummary: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path: {
                id: components["parameters"]["TeamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    teamTimeline: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
                /** @description 5m when left out. */
                step?: components["parameters"]["Step"];
            };
            header?: never;
            path: {
                id: components["parameters"]["TeamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    teamHeatmap: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path: {
                id: components["parameters"]["TeamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeatMap"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    teamTrends: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path: {
                id: components["parameters"]["TeamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trends"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    teamBurnout: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path: {
                id: components["parameters"]["TeamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamBurnout"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    orgSummary: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    orgTimeline: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
                /** @description 5m when left out. */
                step?: components["parameters"]["Step"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    orgHeatmap: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeatMap"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    orgTrends: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trends"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    orgBurnout: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamBurnout"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    adviceFeedback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdviceFeedback"];
                };
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meSummary: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MySummary"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meTimeline: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
                /** @description 5m when left out. */
                step?: components["parameters"]["Step"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meHeatmap: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeatMap"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meTrends: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyTrends"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meBlocks: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FocusBlocks"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meInterruptions: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Interruptions"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meBurnout: {
        parameters: {
            query?: {
                /**
                 * @description RFC 3339, or a date (its start). Six days before `to` when left out; for a timeline the start of today. At most 400 days; 93 for a heat map, 31 for a timeline of 5m or 1h.
                 * @example 2026-11-14
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description RFC 3339 (excluded), or a date (included). Today when left out.
                 * @example 2026-11-20
                 */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Burnout"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meAdvice: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyAdvice"];
                };
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    postAdviceNotUseful: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example focus-hours:09 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Kept */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    deleteAdviceNotUseful: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example focus-hours:09 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    meOutlook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyOutlook"];
                };
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    burnoutAccuracy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurnoutAccuracy"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    addModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelCard"];
            };
        };
        responses: {
            /** @description Add a model */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelDecided"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    giveTurn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelTurnRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelDecided"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Live feed (WebSocket) */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    liveEvents: {
        parameters: {
            query: {
                /** @description Several are allowed; each is its own `sub`. */
                topic: string[];
            };
            header?: {
                /** @description As the server sent it: resumes all topics. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description Make a token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenCreated"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    deleteToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoke a token */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Not yet, or not any more; the parts say which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
}
