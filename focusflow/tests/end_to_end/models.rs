//! A model of burnout risk from its card to its turn and back, with the server running, killed and stopped.

use crate::machine::{Client, Machine, Server, days_ago, morning};

const CARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/model-card.json");
const PEOPLE: usize = 20;

async fn analyst(machine: &Machine, server: &Server) -> Client {
    let secret = machine.ok(&["token", "create", "--name", "analyst", "--role", "analyst"]);
    let client = machine.start_client(server, secret.trim());
    for _ in 0..100 {
        if client.get("/v1/models").await.is_some_and(|(status, _)| status == 200) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    client
}

#[tokio::test]
async fn a_model_has_its_turn_with_some_then_with_all_and_gives_it_back() {
    let machine = Machine::new();
    let server = machine.start();
    for person in 0..PEOPLE {
        // Ids of their own for each day.
        let of_day =
            |ago: i64| morning(&format!("p{person}"), days_ago(ago)).join("\n").replace(r#""id":""#, &format!(r#""id":"{ago}-"#));
        let lines: Vec<String> = (2..5).map(of_day).collect();
        assert_eq!(server.send(lines.join("\n")).await.unwrap().0, 202);
    }
    let asks = analyst(&machine, &server).await;
    let by_model = "select model, count(*) as n from burnout_risk group by model order by model";
    asks.until(by_model, "baseline-1,60").await;

    let name = serde_json::from_str::<serde_json::Value>(&std::fs::read_to_string(CARD).unwrap()).unwrap()["name"].clone();
    let name = name.as_str().unwrap();
    assert!(machine.fails(&["model", "promote", name]).contains("add its card first"));
    machine.ok(&["model", "add", CARD]);
    assert!(machine.ok(&["model", "show", name]).contains("It beats the baseline"));
    let from = jiff::Timestamp::from_millisecond(days_ago(3)).unwrap().strftime("%Y-%m-%d").to_string();
    machine.ok(&["model", "promote", name, "--share", "50", "--from", &from, "--why", "half of them"]);
    let half = "select count(distinct user_id) as n from burnout_risk where model <> 'baseline-1'";
    let some = async |asks: &Client| asks.sql(half).await.trim().parse::<usize>().unwrap();
    for _ in 0..200 {
        if some(&asks).await > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Whoever was not told yet when it was killed is told by the next one.
    server.kill();
    let server = machine.start();
    let asks = machine.start_client(&server, &asks.token);
    let mut share = 0;
    for _ in 0..100 {
        let found = some(&asks).await;
        if found > 2 && found == share {
            break;
        }
        share = found;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!((3..PEOPLE - 2).contains(&share), "{share} of {PEOPLE}");
    let days = format!("select count(*) as n from burnout_risk where model = '{name}' and day < DATE '{from}'");
    assert_eq!(asks.sql(&days).await.trim(), "0", "days before are as they were");
    let models = machine.ok(&["model", "list"]);
    assert!(models.contains("half of them") && models.contains(name), "{models}");

    machine.ok(&["model", "promote", name, "--from", &from]);
    asks.until(&format!("select count(*) as n from burnout_risk where model = '{name}'"), "40").await;
    // What a risk is made of is as before; the weights are the model's.
    let same = "select count(*) as n from burnout_risk where active_days between 1 and 3";
    assert_eq!(asks.sql(same).await.trim(), "60");

    let (status, _, _) = server.stop();
    assert!(status.success());
    machine.ok(&["model", "rollback", "--why", "enough"]);
    assert!(machine.fails(&["model", "rollback"]).contains("no model to roll back"));
    let server = machine.start();
    let asks = machine.start_client(&server, &asks.token);
    asks.until(by_model, "baseline-1,60").await;
}
