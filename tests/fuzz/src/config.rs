//! The operator's file, in both its forms.

use switchover::config::{Config, Problem, yaml_to_json};

pub fn json(data: &[u8]) {
    explained(Config::from_json(data));
}

/// What becomes of it as JSON is what the filter gets: both say yes or both say no.
pub fn yaml(data: &[u8]) {
    let fine = explained(Config::from_yaml(data));
    if let Ok(json) = yaml_to_json(data) {
        assert_eq!(explained(Config::from_json(json.as_ref())), fine);
    }
}

fn explained(result: Result<Config, Vec<Problem>>) -> bool {
    match result {
        Ok(_) => true,
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|p| !p.wrong.contains("does not know why")), "{problems:?}");
            false
        }
    }
}
