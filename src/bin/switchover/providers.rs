//! `switchover providers`: what a file can name as a target's `provider`, printed from the table itself.

use crate::input;
use crate::stop::{Stop, print};
use switchover::dialect::{Embeds, Key, PROVIDERS, Quirk, Row, Thoughts};
use switchover::json::Writer;

#[derive(clap::Args)]
pub struct ProvidersArgs {
    /// `json` has more than the table: what each carries, and what it does otherwise than its dialect.
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum OutputFormat {
    Table,
    Json,
}

/// # Errors
/// Nobody reads the output.
pub fn run(args: &ProvidersArgs) -> Result<(), Stop> {
    match args.format {
        OutputFormat::Table => print(table().as_bytes()),
        OutputFormat::Json => input::print_json(&json()),
    }
}

/// A line each, the columns one below the other.
fn table() -> String {
    let head = ["PROVIDER", "DIALECT", "KEY", "EXAMPLE MODEL", "ENDPOINT"];
    let line = |row: &'static Row| {
        let endpoint = row.endpoint.unwrap_or("-");
        [row.name, row.dialect.name(), key(row.key), row.example_model, endpoint]
    };
    let lines: Vec<_> = std::iter::once(head).chain(PROVIDERS.iter().map(line)).collect();
    let mut widths = [0; 5];
    for cells in &lines {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.len().max(*width);
        }
    }
    let padded = |cells: &[&str; 5]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

/// Where the credential goes, in a word.
fn key(key: Key) -> &'static str {
    match key {
        Key::Header { name, .. } => name,
        Key::SigV4 => "aws",
        Key::Optional => "optional",
    }
}

fn json() -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out).array(|w| PROVIDERS.iter().for_each(|row| w.object(|w| write_row(row, w))));
    out
}

fn write_row(row: &Row, w: &mut Writer<'_>) {
    w.key("name").string(row.name);
    w.key("dialect").string(row.dialect.name());
    match row.endpoint {
        Some(url) => w.key("endpoint").string(url),
        None => w.key("endpoint").null(),
    }
    w.key("key").string(key(row.key));
    w.key("example_model").string(row.example_model);
    w.key("capabilities").array(|w| row.carries.names().for_each(|name| w.string(name)));
    w.key("quirks").array(|w| row.quirks.iter().for_each(|quirk| w.object(|w| write_quirk(*quirk, w))));
    w.key("reference").string(row.reference);
}

/// One member, called as the quirk is in the table.
fn write_quirk(quirk: Quirk, w: &mut Writer<'_>) {
    match quirk {
        Quirk::MaxTokensIs(name) => w.key("max_tokens_is").string(name),
        Quirk::SeedIs(name) => w.key("seed_is").string(name),
        Quirk::Chunks => w.key("chunks").bool(true),
        Quirk::NoStreamUsage => w.key("no_stream_usage").bool(true),
        Quirk::DeveloperIsSystem => w.key("developer_is_system").bool(true),
        Quirk::Without(name) => w.key("without").string(name),
        Quirk::NoneOf(names) => strings(names, w.key("none_of")),
        Quirk::ServiceTiers(names) => strings(names, w.key("service_tiers")),
        Quirk::DefaultEffort => w.key("default_effort").bool(true),
        Quirk::Strings(roles) => strings(roles, w.key("strings")),
        Quirk::Only(names) => strings(names, w.key("only")),
        Quirk::NoNames => w.key("no_names").bool(true),
        Quirk::MessageMembers(names) => strings(names, w.key("message_members")),
        Quirk::EmptyMembers => w.key("empty_members").bool(true),
        Quirk::Thoughts(thoughts) => w.key("thoughts").object(|w| write_thoughts(thoughts, w)),
        Quirk::SignedCalls => w.key("signed_calls").bool(true),
        Quirk::Choices(names) => strings(names, w.key("choices")),
        Quirk::FreeForm => w.key("free_form").bool(true),
        Quirk::Alternates => w.key("alternates").bool(true),
        Quirk::LongestId(longest) => w.key("longest_id").u64(u64::try_from(longest).unwrap_or(u64::MAX)),
        Quirk::CacheMarks(marks) => w.key("cache_marks").object(|w| {
            strings(marks.in_parts, w.key("in_parts"));
            w.key("around").bool(marks.around);
        }),
        Quirk::Responses => w.key("responses").bool(true),
        Quirk::ResponsesIfAsked => w.key("responses_if_asked").bool(true),
        Quirk::Embeddings(embeds) => w.key("embeddings").object(|w| write_embeds(embeds, w)),
    }
}

/// The member in which they go back, if they do, and whether they must.
fn write_thoughts(thoughts: Thoughts, w: &mut Writer<'_>) {
    let (member, needed) = match thoughts {
        Thoughts::Never => (None, false),
        Thoughts::In(name) => (Some(name), false),
        Thoughts::Needed(name) => (Some(name), true),
        Thoughts::Details => (Some("reasoning_details"), false),
    };
    match member {
        Some(name) => w.key("member").string(name),
        None => w.key("member").null(),
    }
    w.key("needed").bool(needed);
}

fn write_embeds(embeds: &Embeds, w: &mut Writer<'_>) {
    w.key("dimensions_is").string(embeds.dimensions);
    w.key("takes_tokens").bool(embeds.takes_tokens);
    if let Some(names) = embeds.only {
        strings(names, w.key("only"));
    }
}

fn strings(names: &[&str], w: &mut Writer<'_>) {
    w.array(|w| names.iter().for_each(|name| w.string(name)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::json::Raw;

    #[test]
    fn each_row_is_printed_both_ways() {
        let (table, json) = (table(), json());
        let rows: Vec<_> = Raw::parse(&json).unwrap().items().collect();
        assert_eq!((rows.len(), table.lines().count()), (PROVIDERS.len(), PROVIDERS.len() + 1));
        for ((row, printed), line) in PROVIDERS.iter().zip(rows).zip(table.lines().skip(1)) {
            assert_eq!(printed.get("name").and_then(Raw::text).unwrap(), row.name);
            assert_eq!(printed.get("quirks").unwrap().items().count(), row.quirks.len());
            assert!(line.starts_with(row.name) && line.contains(row.example_model), "{line}");
        }
    }

    #[test]
    fn a_quirk_says_what_it_is_about() {
        let written = |quirk| {
            let mut out = Vec::new();
            Writer::new(&mut out).object(|w| write_quirk(quirk, w));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Quirk::Without("n")), r#"{"without":"n"}"#);
        assert_eq!(written(Quirk::Choices(&[])), r#"{"choices":[]}"#);
        let needed = Quirk::Thoughts(Thoughts::Needed("reasoning"));
        assert_eq!(written(needed), r#"{"thoughts":{"member":"reasoning","needed":true}}"#);
        assert_eq!(
            written(Quirk::Thoughts(Thoughts::Never)),
            r#"{"thoughts":{"member":null,"needed":false}}"#
        );
    }
}
