//! What every control store must do. An implementation's test calls `check` with a way to open an empty one.

use schemas::control::{Role, Settings};
use schemas::directory::Document;
use schemas::risk::{Card, Models, Turn};

use super::{AdviceFeedback, ControlStore, MAX_ADVICE_FEEDBACK, NewToken, PersonChanges, Secret};
use crate::Error;

pub async fn check(control: &dyn ControlStore) {
    starts_empty(control).await;
    a_directory_is_put_whole_or_not_at_all(control).await;
    a_person_is_patched(control).await;
    the_same_again_changes_nothing(control).await;
    tokens_are_made_found_and_revoked(control).await;
    a_bad_token_is_refused(control).await;
    settings_are_kept(control).await;
    models_are_added_and_have_their_turn(control).await;
    the_key_of_pseudonyms_outlives_every_change(control).await;
    what_is_said_of_advice_is_kept_and_counted(control).await;
    who_leaves_takes_what_they_said_with_them(control).await;
}

fn document() -> Document {
    serde_json::from_str(
        r#"{"teams":[{"id":"t-0","name":"All"},{"id":"t-1","name":"Payments","parent":"t-0"}],
            "people":[{"id":"zoe","name":"Zoë \"Z\"","aliases":["slack:U1","email:z@x.org"],"team":"t-1","time_zone":"Europe/Berlin",
                       "working_hours":{"start":"08:30","end":"16:30","days":["mon","tue"]},"manager":true},
                      {"id":"ada","team":"t-1"},
                      {"id":"ada","team":"t-0","valid_from":"2026-01-01"}]}"#,
    )
    .unwrap()
}

async fn starts_empty(control: &dyn ControlStore) {
    let snapshot = control.watch().borrow().clone();
    assert_eq!(snapshot.version, 0);
    assert_eq!(*snapshot.directory.document(), Document::default());
    assert_eq!(snapshot.tokens.iter().count(), 0);
}

async fn a_directory_is_put_whole_or_not_at_all(control: &dyn ControlStore) {
    let mut watch = control.watch();
    watch.mark_unchanged();
    let version = control.put_directory(document()).await.unwrap();
    assert!(watch.has_changed().unwrap(), "who watches is told");
    assert_eq!(watch.borrow_and_update().version, version);
    assert_eq!(*watch.borrow().directory.document(), document(), "order, history and every field are kept");

    let mut broken = document();
    broken.people[1].time_zone = "Mars/Olympus".into();
    let error = control.put_directory(broken).await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(m) if m.contains("ada") && m.contains("time_zone")), "{error}");
    assert!(!watch.has_changed().unwrap());
    assert_eq!(*control.watch().borrow().directory.document(), document());
}

async fn a_person_is_patched(control: &dyn ControlStore) {
    let before = control.watch().borrow().version;
    let changes = PersonChanges { team: Some(None), time_zone: Some("Asia/Tokyo".into()), ..PersonChanges::default() };
    assert_eq!(control.patch_person("ada", changes).await.unwrap(), before + 1);
    let people = control.watch().borrow().directory.document().people.clone();
    assert_eq!((people[1].team.as_deref(), people[1].time_zone.as_str()), (Some("t-1"), "UTC"), "the earlier entry stays");
    assert_eq!((people[2].team.as_deref(), people[2].time_zone.as_str()), (None, "Asia/Tokyo"));

    let unknown = control.patch_person("nobody", PersonChanges::default()).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)));
    let nowhere = PersonChanges { team: Some(Some("t-9".into())), ..PersonChanges::default() };
    assert!(matches!(control.patch_person("zoe", nowhere).await, Err(Error::Invalid(m)) if m.contains("t-9")));
    assert_eq!(control.watch().borrow().version, before + 1);
}

async fn the_same_again_changes_nothing(control: &dyn ControlStore) {
    let version = control.put_directory(document()).await.unwrap();
    assert_eq!(control.put_directory(document()).await.unwrap(), version);
    assert_eq!(control.patch_person("ada", PersonChanges::default()).await.unwrap(), version);
}

async fn tokens_are_made_found_and_revoked(control: &dyn ControlStore) {
    let (token, secret) = control.create_token(NewToken::new("laptop", Role::Ingest)).await.unwrap();
    let member = NewToken { person: Some("zoe".into()), expires_at: Some(i64::MAX), ..NewToken::new("zoe's", Role::Member) };
    let (member, member_secret) = control.create_token(member).await.unwrap();

    let snapshot = control.watch().borrow().clone();
    assert_eq!(snapshot.tokens.authenticate(secret.reveal(), 0), Some(&token));
    assert_eq!(snapshot.tokens.authenticate(member_secret.reveal(), 0), Some(&member));
    assert_eq!(snapshot.tokens.authenticate(&token.hash, 0), None, "the hash opens nothing");
    assert_eq!(snapshot.tokens.iter().count(), 2);

    let version = control.revoke_token(&token.id).await.unwrap();
    let snapshot = control.watch().borrow().clone();
    assert_eq!(snapshot.version, version);
    assert_eq!(snapshot.tokens.authenticate(secret.reveal(), 0), None);
    assert!(matches!(control.revoke_token(&token.id).await, Err(Error::NotFound(_))));
    assert_eq!(*snapshot.directory.document(), document(), "tokens leave the directory alone");
}

async fn a_bad_token_is_refused(control: &dyn ControlStore) {
    let before = control.watch().borrow().version;
    let secret = |text: &str| Some(Secret::from_text(text));
    let bad = [
        NewToken::new("", Role::Ingest),
        NewToken::new("no person", Role::Manager),
        NewToken { secret: secret("short"), ..NewToken::new("short secret", Role::Admin) },
        NewToken { expires_at: Some(1), ..NewToken::new("expired", Role::Admin) },
    ];
    for token in bad {
        assert!(matches!(control.create_token(token.clone()).await, Err(Error::Invalid(_))), "{token:?}");
    }
    let chosen = NewToken { secret: secret("a-secret-of-my-own"), ..NewToken::new("chosen", Role::Admin) };
    control.create_token(chosen.clone()).await.unwrap();
    assert!(matches!(control.create_token(chosen).await, Err(Error::Invalid(_))), "one secret, one token");
    assert_eq!(control.watch().borrow().version, before + 1);
    assert!(control.watch().borrow().tokens.authenticate("a-secret-of-my-own", 0).is_some());
}

async fn settings_are_kept(control: &dyn ControlStore) {
    let settings = Settings { keep_titles: true, ..Settings::default() };
    let version = control.put_settings(settings.clone()).await.unwrap();
    assert_eq!(control.watch().borrow().settings, settings);
    assert_eq!(control.put_settings(settings).await.unwrap(), version);
}

async fn models_are_added_and_have_their_turn(control: &dyn ControlStore) {
    let models = || control.watch().borrow().models.clone();
    assert_eq!(*models(), Models::default());
    let card: Card = serde_json::from_str(include_str!("../../../schemas/examples/model-card.json")).unwrap();
    let version = control.add_model(card.clone(), 7).await.unwrap();
    assert_eq!(control.add_model(card.clone(), 8).await.unwrap(), version, "once");
    assert_eq!((models().known.len(), models().known[0].added_at, &models().known[0].card), (1, 7, &card));
    let broken = Card { bias: 1.0, ..card.clone() };
    assert!(matches!(control.add_model(broken, 9).await, Err(Error::Invalid(m)) if m.starts_with("name")));

    let turn = |from: i32, model: &str| Turn {
        from,
        model: model.into(),
        share: 100,
        decided_at: i64::from(from) * 86_400_000,
        why: "better by \"far\"".into(),
    };
    let version = control.take_turn(turn(20_000, &card.name), 0).await.unwrap();
    let late = control.take_turn(turn(20_001, "baseline-1"), 0).await.unwrap_err();
    assert!(matches!(&late, Error::Invalid(m) if m.contains("somebody else")), "{late}");
    assert!(
        matches!(control.take_turn(turn(20_001, "logistic-0"), 1).await, Err(Error::Invalid(m)) if m.contains("no logistic-0"))
    );
    assert_eq!(control.watch().borrow().version, version, "what is refused changes nothing");
    control.take_turn(turn(20_003, "baseline-1"), 1).await.unwrap();
    assert_eq!(models().turns, [turn(20_000, &card.name), turn(20_003, "baseline-1")]);

    let before = models();
    control.put_settings(Settings { keep_urls: true, ..Settings::default() }).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &models()), "who follows them sees that nothing changed");
}

async fn the_key_of_pseudonyms_outlives_every_change(control: &dyn ControlStore) {
    let key = control.watch().borrow().pseudonyms.clone();
    assert!(key.is_some(), "there from the start");
    control.put_settings(Settings { keep_urls: true, ..Settings::default() }).await.unwrap();
    control.put_directory(Document::default()).await.unwrap();
    control.put_directory(document()).await.unwrap();
    assert_eq!(control.watch().borrow().pseudonyms, key);
}

async fn what_is_said_of_advice_is_kept_and_counted(control: &dyn ControlStore) {
    let before = control.watch().borrow().version;
    let say = async |person: &str, id: &str, at: i64| {
        control.put_advice_feedback(person, id, id.split(':').next().unwrap(), at).await.unwrap();
    };
    let said = async |person: &str| -> Vec<(String, i64)> {
        let said = control.advice_feedback(person).await.unwrap();
        said.into_iter().map(|AdviceFeedback { id, at }| (id, at)).collect()
    };
    assert_eq!(said("zoe").await, []);
    say("zoe", "breaks:a", 10).await;
    say("zoe", "breaks:b", 20).await;
    say("ada", "breaks:a", 5).await;
    say("not in the directory", "hours:09", 7).await;
    assert_eq!(said("zoe").await, [("breaks:b".into(), 20), ("breaks:a".into(), 10)]);
    say("zoe", "breaks:a", 30).await;
    assert_eq!(said("zoe").await, [("breaks:a".into(), 30), ("breaks:b".into(), 20)], "said again, it holds from then on");
    assert_eq!(control.count_advice_feedback().await.unwrap(), [("breaks".into(), 2), ("hours".into(), 1)], "people, not pieces");

    control.delete_advice_feedback("zoe", "breaks:b").await.unwrap();
    control.delete_advice_feedback("zoe", "breaks:b").await.unwrap();
    assert_eq!(said("zoe").await, [("breaks:a".into(), 30)]);
    assert_eq!(control.watch().borrow().version, before, "no snapshot has any of it");

    for at in 0..MAX_ADVICE_FEEDBACK as i64 + 3 {
        say("bounded", &format!("hours:{at:03}"), 1_000 + at).await;
    }
    let kept = said("bounded").await;
    assert_eq!(
        (kept.len(), kept[0].0.as_str(), kept[kept.len() - 1].0.as_str()),
        (MAX_ADVICE_FEEDBACK, "hours:202", "hours:003")
    );
}

async fn who_leaves_takes_what_they_said_with_them(control: &dyn ControlStore) {
    let mut without = document();
    without.people.retain(|entry| entry.id != "zoe");
    control.put_directory(without).await.unwrap();
    assert_eq!(control.advice_feedback("zoe").await.unwrap(), []);
    assert_eq!(control.advice_feedback("ada").await.unwrap().len(), 1);
    assert_eq!(control.advice_feedback("not in the directory").await.unwrap().len(), 1, "nor was before");
    control.put_directory(document()).await.unwrap();
    assert_eq!(control.advice_feedback("zoe").await.unwrap(), []);
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    check(&super::MemoryControl::new()).await;
}
