//! Which command this is: what `switchover --version` says.

use std::sync::LazyLock;

/// The oldest Envoy that the filter works in: before that a retry lets bytes of the failed attempt through.
pub const OLDEST_ENVOY: (u64, u64) = (1, 37);
/// The newest Envoy that it was tried with.
const NEWEST_ENVOY: (u64, u64) = (1, 40);

/// What the sources were, as make says it: a commit, also with changes that are in none.
const COMMIT: Option<&str> = option_env!("SWITCHOVER_COMMIT");

/// A line each for programs: version, commit, the format of the file, Envoys.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    let ((oldest, from), (newest, to)) = (OLDEST_ENVOY, NEWEST_ENVOY);
    format!(
        "{}\ncommit {}\nschema {}\nEnvoy {oldest}.{from} to {newest}.{to}",
        env!("CARGO_PKG_VERSION"),
        COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("unknown"),
        switchover::config::FORMAT,
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_tests_run_on() {
        let makefile = std::fs::read_to_string("Makefile").unwrap_or_default();
        let said = |name: &str| {
            let line = makefile.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" := "));
            let mut parts = line.unwrap_or_default().split('.').map(str::parse::<u64>);
            (parts.next(), parts.next())
        };
        assert_eq!(said("ENVOY_FLOOR"), (Some(Ok(OLDEST_ENVOY.0)), Some(Ok(OLDEST_ENVOY.1))));
        assert_eq!(said("ENVOY_VERSION"), (Some(Ok(NEWEST_ENVOY.0)), Some(Ok(NEWEST_ENVOY.1))));
    }

    #[test]
    fn each_line_says_one_thing() {
        let lines: Vec<_> = LONG.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(lines, [env!("CARGO_PKG_VERSION"), "commit", "schema", "Envoy"]);
    }
}
