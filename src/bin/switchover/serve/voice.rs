//! What is told while it runs: one line a fact, on standard error. Envoy's access log has standard output to itself.

use std::io::{self, Write};
use std::time::Duration;
use switchover::json::Writer;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LineForm {
    Text,
    Json,
}

/// Says lines.
#[derive(Clone, Copy, Debug)]
pub struct LineVoice(pub LineForm);

impl LineVoice {
    /// What went as it should.
    pub fn say(self, text: &str) {
        self.line("info", text);
    }

    /// What somebody should look at.
    pub fn warn(self, text: &str) {
        self.line("warning", text);
    }

    fn line(self, level: &str, text: &str) {
        for text in text.lines() {
            let line = match self.0 {
                LineForm::Text if level == "warning" => format!("switchover: warning: {text}\n"),
                LineForm::Text => format!("switchover: {text}\n"),
                LineForm::Json => json(level, text),
            };
            // Nowhere is left to say that standard error is closed.
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }
}

fn json(level: &str, text: &str) -> String {
    let mut line = Vec::new();
    Writer::new(&mut line).object(|w| {
        w.key("time").string(&time());
        w.key("level").string(level);
        w.key("logger").string("switchover");
        w.key("message").string(text);
    });
    line.push(b'\n');
    String::from_utf8_lossy(&line).into_owned()
}

/// Now, as RFC 3339 has it.
pub fn time() -> String {
    crate::drill::timestamp(Duration::from_millis(crate::document::now_ms()))
}
