//! Events as Parquet: rows count as the same events in lines do.

use crate::machine::{Machine, days_ago, morning, write_lines};

const PARQUET: &str = "application/vnd.apache.parquet";
const EVENT_TABLES: [&str; 3] = ["activity_events", "message_events", "session_events"];
const TABLES: [&str; 8] = [
    "activity_events",
    "message_events",
    "session_events",
    "interruptions",
    "focus_blocks",
    "user_5m",
    "user_daily",
    "team_daily",
];

/// All rows, but for what depends on when and in which order they came.
fn tables(machine: &Machine) -> Vec<String> {
    let rows = |table: &str| {
        let given = if EVENT_TABLES.contains(&table) { ", ingested_at" } else { "" };
        let without = if table == "team_daily" { String::new() } else { format!("exclude (version{given})") };
        machine.ok(&["sql", &format!("select * {without} from {table} order by 1, 2, 3, 4"), "--format", "csv"])
    };
    TABLES.map(rows).to_vec()
}

fn events() -> Vec<String> {
    let mut lines: Vec<String> = (0..6).flat_map(|user| morning(&format!("u{user}"), days_ago(3))).collect();
    // Fields nobody knows, defaults said aloud, text that wants escapes.
    lines.extend((0..20).map(|i| {
        let ts = days_ago(3) + 13 * 3_600_000 + i * 60_000;
        format!(
            r#"{{"id":"x{i}","type":"activity","user":"email:u1@x.org","ts":{ts},"app":"a \"b\"\n","duration_ms":30000,"afk":false,"battery":{i}}}"#
        )
    }));
    lines
}

/// The directory both machines have.
fn with_directory(machine: &Machine) {
    let people: Vec<String> = (0..6).map(|u| format!("u{u},t-1,email:u{u}@x.org")).collect();
    let file = machine.path("people.csv");
    std::fs::write(&file, format!("id,team,aliases\n{}\n", people.join("\n"))).unwrap();
    machine.ok(&["directory", "put", file.to_str().unwrap()]);
}

#[tokio::test]
async fn parquet_makes_the_tables_that_lines_make() {
    let lines = Machine::new();
    with_directory(&lines);
    let file = lines.path("events.ndjson");
    write_lines(&file, &events());
    lines.ok(&["import", file.to_str().unwrap()]);
    let expected = tables(&lines);
    assert!(expected.iter().all(|rows| rows.lines().count() > 1), "every table has rows: {expected:#?}");

    // The server writes both forms: whole tables, and native events of all types in one file, the last of them no event.
    let server = lines.start();
    let native = "select id, 'activity' as type, user_id as \"user\", ts, app, duration_ms, afk, category, null as channel, \
                  null as kind, null as direction, null as peer, null as session, null as phase, null as planned_ms, \
                  case when id like 'x%' then cast(substr(id, 2) as bigint) end as battery from activity_events \
                  union all select id, 'message', user_id, ts, null, null, null, null, channel, kind, direction, peer, null, null, \
                  null, null from message_events \
                  union all select id, 'session', user_id, ts, null, null, null, null, null, kind, null, null, session, phase, \
                  planned_ms, null from session_events \
                  union all select 'zz', 'dance', 'u', now(), null, null, null, null, null, null, null, null, null, null, null, null \
                  order by id";
    let native = (String::from("native"), server.sql_as(PARQUET, native).await);
    let mut exports = Vec::new();
    for table in EVENT_TABLES {
        exports.push((table.to_owned(), server.sql_as(PARQUET, &format!("select * from {table}")).await));
    }
    for (files, rejected) in [(vec![native], "1 rejected"), (exports, "")] {
        let machine = Machine::new();
        with_directory(&machine);
        let mut command = machine.command(&["import"]);
        for (name, bytes) in &files {
            std::fs::write(machine.path(name), bytes).unwrap();
            command.arg(machine.path(name));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("1,178 events") && said.contains(rejected), "{said}");
        for (found, expected) in tables(&machine).iter().zip(&expected) {
            assert!(found == expected, "{}: {found}\ninstead of\n{expected}", files[0].0);
        }
        if !rejected.is_empty() {
            let rejected = std::fs::read_to_string(machine.path("native.rejected.ndjson")).unwrap();
            assert!(rejected.contains(r#""index":1178,"code":"unknown_type""#), "{rejected}");
        }
    }
}

#[tokio::test]
async fn rows_go_to_the_server_that_runs_as_lines_do() {
    let machine = Machine::new();
    let server = machine.start();
    server.send(events().join("\n")).await.unwrap();
    server.until("select count(*) from activity_events", "1100").await;
    let exported = server.sql_as(PARQUET, "select * from activity_events").await;
    std::fs::write(machine.path("export"), exported).unwrap();
    let other = Machine::new();
    let second = other.start();
    let said = other.ok(&["import", machine.path("export").to_str().unwrap()]);
    assert!(said.contains("1,100 events"), "{said}");
    assert_eq!(second.sql("select count(*) from activity_events").await.trim(), "1100");
}

#[test]
fn files_that_cannot_be_imported_are_refused_before_anything_is() {
    let machine = Machine::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(machine.path(name), bytes).unwrap();
    write("good.ndjson", morning("ada", days_ago(3)).join("\n").as_bytes());
    write("broken.parquet", b"PAR1....PAR1");
    write("array.json", b"\n [{\"id\":\"a\"}]");
    write("nonsense.csv", b"id,user\n1,ada\n");
    std::fs::create_dir(machine.path("folder")).unwrap();
    let check = |name: &str, expected: &[&str]| {
        let said = machine.fails(&["import", "good.ndjson", name]);
        expected.iter().for_each(|part| assert!(said.contains(part), "{said} lacks {part}"));
    };
    check("broken.parquet", &["broken.parquet", "copy or write it again"]);
    check("array.json", &["JSON array", "jq -c"]);
    check("folder", &["is a directory", "folder/*"]);
    check("nowhere.ndjson", &["there is no file nowhere.ndjson"]);
    let said = machine.fails(&["import", "nonsense.csv"]);
    assert!(said.contains("0 events") && said.contains("2 rejected") && said.contains("the first: event 0"), "{said}");
    assert!(!machine.ok(&["sql", "select count(*) from activity_events", "--format", "csv"]).contains("180"));
    write("empty.ndjson", b"");
    assert!(machine.ok(&["import", "good.ndjson", "empty.ndjson"]).contains("193 events"));
}
