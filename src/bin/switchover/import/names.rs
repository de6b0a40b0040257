//! TakenNames that nobody else has, made of the letters that one may be made of.

use std::collections::BTreeMap;

/// TakenNames that are taken, with how often each was wished for.
#[derive(Default)]
pub struct TakenNames(BTreeMap<String, u32>);

/// Ids and the names of groups.
const LONGEST: usize = 64;

impl TakenNames {
    /// The wish itself, or with a number behind.
    pub fn take(&mut self, wish: &str, others: &str) -> String {
        let wish = TakenNames::plain(wish, others);
        loop {
            let count = self.0.entry(wish.clone()).or_insert(0);
            *count += 1;
            if *count == 1 {
                return wish;
            }
            let behind = format!("-{count}");
            let head: String = wish.chars().take(LONGEST.saturating_sub(behind.len())).collect();
            let name = head + &behind;
            if !self.0.contains_key(&name) {
                self.0.insert(name.clone(), 1);
                return name;
            }
        }
    }

    /// The text with what a name can't have as `-`.
    pub fn plain(text: &str, others: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        let name: String = text.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        let name: String = name.trim_matches(['-', '/', ':']).chars().take(LONGEST).collect();
        if name.is_empty() { "unnamed".to_owned() } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once() {
        let mut names = TakenNames::default();
        let taken: Vec<_> = ["a b", "a-b", "a-b-2", "a b", "%"].map(|wish| names.take(wish, "-")).into();
        assert_eq!(taken, ["a-b", "a-b-2", "a-b-2-2", "a-b-3", "unnamed"]);
        let long = "x".repeat(100);
        assert_eq!((names.take(&long, "").len(), names.take(&long, "").len()), (64, 64));
    }
}
