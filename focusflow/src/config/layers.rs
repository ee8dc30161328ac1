//! Values from several places laid over one another, each remembering where it came from.
//!
//!     default.toml  →  focusflow.toml  →  FOCUSFLOW_* in the environment  →  flags

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Environment(name) => write!(f, "${name}"),
            Source::Flag(flag) => f.write_str(flag),
        }
    }
}

/// Every value by its dotted path.
#[derive(Clone)]
pub struct Layers {
    values: BTreeMap<String, (Value, Source)>,
}

/// Only how many there are: some are secrets.
impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layers({} values)", self.values.len())
    }
}

/// Names the orchestrators make up for a service called focusflow: not ours, and no reason to refuse to start.
const FOREIGN: [&str; 2] = ["FOCUSFLOW_SERVICE_", "FOCUSFLOW_PORT"];
/// Read elsewhere than in the settings.
const OTHER: [&str; 4] = ["FOCUSFLOW_ADMIN_TOKEN", "FOCUSFLOW_TOKEN", "FOCUSFLOW_URL", "FOCUSFLOW_CONFIG"];

impl Layers {
    pub fn new(defaults: Table) -> Layers {
        let mut values = BTreeMap::new();
        flatten("", defaults, &mut |path, value| {
            values.insert(path, (value, Source::Default));
        });
        Layers { values }
    }

    pub fn add_file(&mut self, path: PathBuf, text: &str) -> Result<()> {
        let table: Table = text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
        let mut result = Ok(());
        flatten("", table, &mut |key, value| {
            if result.is_ok() {
                result = self.set(&key, value, Source::File(path.clone()));
            }
        });
        result.with_context(|| format!("{}", path.display()))
    }

    pub fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<()> {
        let names: BTreeMap<String, String> = self.values.keys().map(|path| (variable(path), path.clone())).collect();
        for (name, text) in variables.filter(|(name, _)| name.starts_with("FOCUSFLOW_")) {
            if OTHER.contains(&name.as_str()) || FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let Some(path) = names.get(&name) else {
                let known = names.keys().map(String::as_str).chain(OTHER);
                bail!("${name} in the environment is no setting{}", did_you_mean(&name, known));
            };
            self.set_text(path, &text, Source::Environment(name))?;
        }
        Ok(())
    }

    /// A value given as text, read as the type its default has.
    pub fn set_text(&mut self, path: &str, text: &str, source: Source) -> Result<()> {
        let (default, _) = self.values.get(path).ok_or_else(|| self.unknown(path))?;
        let bad = |what: &str| anyhow!("{source}: {path} = {text:?} is not {what}");
        let value = match default {
            Value::String(_) => Value::String(text.into()),
            Value::Integer(_) => Value::Integer(text.trim().parse().map_err(|_| bad("a whole number"))?),
            Value::Float(_) => Value::Float(text.trim().parse().map_err(|_| bad("a number"))?),
            Value::Boolean(_) => Value::Boolean(text.trim().parse().map_err(|_| bad("true or false"))?),
            _ => Value::Array(text.split(',').map(|item| Value::String(item.trim().into())).collect()),
        };
        self.set(path, value, source)
    }

    fn set(&mut self, path: &str, value: Value, source: Source) -> Result<()> {
        let Some(slot) = self.values.get_mut(path) else { return Err(self.unknown(path)) };
        // A whole number is fine where a fraction may stand.
        let value = match (&slot.0, value) {
            (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
            (_, value) => value,
        };
        if slot.0.type_str() != value.type_str() {
            bail!("{path} is a {} here, it should be a {}", value.type_str(), slot.0.type_str());
        }
        *slot = (value, source);
        Ok(())
    }

    fn unknown(&self, path: &str) -> anyhow::Error {
        anyhow!("{path:?} is no setting{}", did_you_mean(path, self.values.keys().map(String::as_str)))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Source)> {
        self.values.iter().map(|(path, (value, source))| (path.as_str(), value, source))
    }

    pub fn source(&self, path: &str) -> &Source {
        self.values.get(path).map_or(&Source::Default, |(_, source)| source)
    }

    /// As one table again, for the typed form.
    pub fn table(&self) -> Table {
        let mut root = Table::new();
        for (path, (value, _)) in &self.values {
            put(&mut root, path, value.clone());
        }
        root
    }
}

fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.into(), value)),
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// `ingest.max_body` → `FOCUSFLOW_INGEST_MAX_BODY`
pub fn variable(path: &str) -> String {
    format!("FOCUSFLOW_{}", path.replace('.', "_").to_uppercase())
}

fn flatten(prefix: &str, table: Table, visit: &mut impl FnMut(String, Value)) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&path, inner, visit),
            value => visit(path, value),
        }
    }
}

/// Says the nearest known name when it is near enough to be meant.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    // The whole path, or the right key in the wrong section.
    let distance = |candidate: &str| edits(name, candidate).min(edits(&last(name), &last(candidate)) + 1);
    let nearest = known.map(|candidate| (distance(candidate), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 2.max(name.len() / 4) => format!("; did you mean {candidate:?}?"),
        _ => "; `focusflow check` lists all settings".into(),
    }
}

/// Levenshtein distance over two rows.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers() -> Layers {
        Layers::new(
            "top = \"\"\n[a]\nsize = \"1MiB\"\ncount = 3\n[a.b]\nweight = 1.5\nwords = [\"x\"]\nflag = false".parse().unwrap(),
        )
    }

    fn variables(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn later_layers_win_and_say_where_they_are_from() {
        let mut layers = layers();
        layers.add_file("f.toml".into(), "[a]\ncount = 4\nsize = \"2MiB\"").unwrap();
        layers
            .add_environment(variables(&[("FOCUSFLOW_A_COUNT", "5"), ("HOME", "/"), ("FOCUSFLOW_PORT_7878_TCP", "x")]))
            .unwrap();
        layers.set_text("a.b.words", "y, z", Source::Flag("--set".into())).unwrap();
        let table = layers.table();
        assert_eq!(table["a"]["count"].as_integer(), Some(5));
        assert_eq!(table["a"]["size"].as_str(), Some("2MiB"));
        assert_eq!(table["a"]["b"]["words"].as_array().unwrap().len(), 2);
        assert_eq!(layers.source("a.count"), &Source::Environment("FOCUSFLOW_A_COUNT".into()));
        assert_eq!(layers.source("a.b.flag"), &Source::Default);
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        let error = layers().add_file("f.toml".into(), "[a]\ncuont = 4").unwrap_err();
        assert!(format!("{error:#}").contains("did you mean \"a.count\""), "{error:#}");
        let error = layers().add_file("f.toml".into(), "count = 4").unwrap_err();
        assert!(format!("{error:#}").contains("did you mean \"a.count\""), "{error:#}");
        let error = layers().add_environment(variables(&[("FOCUSFLOW_A_CUONT", "5")])).unwrap_err();
        assert!(error.to_string().contains("did you mean \"FOCUSFLOW_A_COUNT\""), "{error}");
    }

    #[test]
    fn wrong_types_are_refused() {
        assert!(layers().add_file("f.toml".into(), "[a]\ncount = \"4\"").is_err());
        assert!(layers().set_text("a.b.flag", "yes", Source::Default).is_err());
        let mut whole = layers();
        whole.add_file("f.toml".into(), "[a.b]\nweight = 2").unwrap();
        assert_eq!(whole.table()["a"]["b"]["weight"].as_float(), Some(2.0));
    }
}
