//! What `x-switchover-decision` says: why this target, or why none.

use super::Trip;
use crate::config::Effect;
use crate::failure::Failure;

impl Trip {
    /// One sentence: why this target.
    pub fn decision(&self, target: usize) -> String {
        let id = |place: usize| self.runtime.id(place);
        let group = self.group_name();
        let place = self.order.iter().position(|known| *known == target).unwrap_or(0);
        let failed = |place: usize| {
            self.read(|ledger| {
                let mut failed = ledger.failures().filter(|(target, _)| *target == place);
                failed.next().map(|(_, failure)| failure.class)
            })
        };
        let mut before = Vec::new();
        for &earlier in self.order.iter().take(place) {
            let drill = self.drill_note(earlier);
            before.push(match failed(earlier) {
                Some(class) => format!("{} failed ({class}){drill}", id(earlier)),
                None => format!("{} {}{drill}", id(earlier), self.why_left(earlier)),
            });
        }
        let slowly = match self.drill_of(target) {
            Some(Effect::DelayMs(ms)) => format!(", after a pause of {ms} ms (drill)"),
            _ => String::new(),
        };
        let aside = self.aside(Some(target));
        if before.is_empty() {
            [id(target), " is the first choice of ", group, &slowly, &aside, "."].concat()
        } else {
            format!("{} answered for {group}{slowly} because {}{aside}.", id(target), before.join(" and "))
        }
    }

    /// Why Envoy went past a target that no attempt of this trip failed at.
    fn why_left(&self, target: usize) -> &'static str {
        match () {
            // The attempts before are another VM's.
            () if self.is_handed_off() => "failed or is ejected",
            () if self.runtime.has_address(target) => "is ejected",
            () => "is ejected or has no address (DNS)",
        }
    }

    /// One sentence for when nobody answered.
    pub fn verdict(&self) -> String {
        let id = |place: usize| self.runtime.id(place);
        let group = self.group_name();
        let failed = |(target, failure): (usize, &Failure)| {
            format!("{} failed ({}){}", id(target), failure.class, self.drill_note(target))
        };
        let passed_over = |target: usize| format!("{} has no larger context window", id(target));
        let failed: Vec<String> = self.read(|ledger| {
            ledger.failures().map(failed).chain(ledger.passed_over.map(passed_over)).collect()
        });
        let aside = self.aside(None);
        if failed.is_empty() {
            format!("No target of {group} answered{aside}.")
        } else {
            format!("No target of {group} answered: {}{aside}.", failed.join(", "))
        }
    }
}

impl Trip {
    /// ` while x is cooling down for 5 s more and z lacks vision`, of the targets that might have come before this one (a place in
    /// the configuration's targets); of all where nobody answered.
    pub(super) fn aside(&self, target: Option<usize>) -> String {
        let group = self.runtime.config.groups.get(self.group);
        let Some(group) = group.filter(|_| !self.asides.is_empty()) else { return String::new() };
        let place = match target {
            Some(target) => group.members.iter().position(|member| member.target == target).unwrap_or(0),
            None => group.members.len(),
        };
        let id = |place: usize| group.members.get(place).map_or("?", |member| self.runtime.id(member.target));
        let out: Vec<String> =
            self.asides.before(group, place).map(|(place, why)| format!("{} {why}", id(place))).collect();
        let mut said = String::new();
        if !out.is_empty() {
            said = format!(" while {}", out.join(" and "));
        }
        if self.asides.anyway {
            said.push_str(", though no target is free for the request");
        }
        said
    }
}
