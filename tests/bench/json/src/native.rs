//! `native SECONDS BODY…`: prints, for each question and body, microseconds an answer of each short round.
//! `native broken`: reads JSON texts, one a line, and prints those that the parser takes.

use std::time::{Duration, Instant};
use switchover_bench_json::{QUESTIONS, ask};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().expect("SECONDS or broken");
    if first == "broken" {
        use std::io::Read;
        let mut all = Vec::new();
        std::io::stdin().read_to_end(&mut all).expect("documents");
        for (number, line) in all.split(|byte| *byte == b'\n').enumerate() {
            if ask(0, line, 1) >= 0 {
                println!("{number}");
            }
        }
        return;
    }
    let length = Duration::from_secs_f64(first.parse().expect("seconds"));
    for path in arguments {
        let body = std::fs::read(&path).expect("a body");
        for (question, (name, _)) in QUESTIONS.iter().enumerate() {
            let answer = ask(question, &body, 1);
            // About 2 ms a round: shorter than what the machine gives others at a time.
            let once = Instant::now();
            ask(question, &body, 3);
            let rounds = (6_000_000 / (once.elapsed().as_nanos() + 1)).clamp(1, 100_000) as u32;
            let (start, mut times) = (Instant::now(), Vec::new());
            while start.elapsed() < length {
                let round = Instant::now();
                ask(question, &body, rounds);
                times.push(round.elapsed().as_nanos() as f64 / f64::from(rounds) / 1000.0);
            }
            println!("{name} {path} {answer} {times:?}");
        }
    }
}
