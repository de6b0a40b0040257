use super::*;

const NOW_MS: u64 = 1_750_000_000_000;
const BREAKER: CircuitBreaker = CircuitBreaker {
    consecutive_failures: 3,
    interval_ms: 10_000,
    base_ejection_time_ms: 30_000,
    max_ejection_time_ms: 100_000,
};

/// What is written after some news of the target 1, each with its time.
fn told(news: &[(u64, News)]) -> Standings {
    news.iter().fold(Standings::default(), |known, (at_ms, news)| {
        let read = Standings::read(known.write().as_bytes(), *at_ms);
        read.after(1, *news, *at_ms, &BREAKER).unwrap_or(read)
    })
}

fn limited(wait_ms: u64) -> News {
    News::Limited { wait_ms }
}

fn state(known: &Standings, at_ms: u64) -> Availability {
    Standings::read(known.write().as_bytes(), at_ms).of(1).state(at_ms)
}

#[test]
fn the_later_deadline_wins_whichever_comes_first() {
    for waits in [[1_000, 20_000], [20_000, 1_000]] {
        let known = told(&[(NOW_MS, limited(waits[0])), (NOW_MS + 10, limited(waits[1]))]);
        let Availability::Cooling(until_ms) = state(&known, NOW_MS + 10) else { panic!("{known:?}") };
        assert!((NOW_MS + 20_000..=NOW_MS + 20_010).contains(&until_ms));
        assert_eq!(state(&known, until_ms), Availability::Good);
    }
    let forever = told(&[(NOW_MS, limited(u64::MAX))]);
    assert_eq!(state(&forever, NOW_MS), Availability::Cooling(NOW_MS + MAX_RETRY_AFTER_MS));
}

#[test]
fn streams_that_break_off_in_a_row_eject() {
    let broke = |at_ms: u64| (NOW_MS + at_ms, News::Broke);
    let known = told(&[broke(0), broke(1), (NOW_MS + 2, News::Whole), broke(3), broke(4)]);
    assert_eq!(state(&known, NOW_MS + 5), Availability::Good, "one that came whole begins the count anew");
    let known = told(&[broke(0), broke(1), broke(2)]);
    assert_eq!(state(&known, NOW_MS + 3), Availability::Ejected(NOW_MS + 30_002));
    let again = told(&[broke(0), broke(1), broke(2), broke(3), broke(4), broke(5)]);
    assert_eq!(again, known, "those that had begun before say nothing new");
    assert_eq!(state(&known, NOW_MS + 30_002), Availability::Returning(10));
}

#[test]
fn an_ejection_lasts_longer_each_time_and_good_times_are_forgiven() {
    let mut known = Standings::default();
    let mut eject = |at_ms: u64| {
        for _ in 0..3 {
            known = known.after(1, News::Broke, at_ms, &BREAKER).unwrap();
        }
        match known.of(1).state(at_ms) {
            Availability::Ejected(until_ms) => until_ms - at_ms,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(eject(NOW_MS), 30_000);
    assert_eq!(eject(NOW_MS + 31_000), 60_000);
    assert_eq!(eject(NOW_MS + 92_000), 90_000);
    assert_eq!(eject(NOW_MS + 183_000), 100_000, "the longest");
    // Three of four are forgiven after three intervals.
    assert_eq!(eject(NOW_MS + 283_000 + 30_000), 60_000);
    assert_eq!(eject(NOW_MS + 3_000_000), 30_000);
}

#[test]
fn who_comes_back_gets_more_and_more() {
    let missed = |at_ms: u64| (NOW_MS + at_ms, News::Missed);
    let reached = |at_ms: u64| (NOW_MS + at_ms, News::Reached);
    let known = told(&[missed(0), missed(300), reached(320)]);
    assert_eq!(state(&known, NOW_MS + 400), Availability::Missing(10), "a worker that has not heard yet");
    assert_eq!(
        state(&known, NOW_MS + 1_400),
        Availability::Good,
        "nobody looked for a while: the next one does"
    );
    let known = told(&[missed(0), reached(1_000)]);
    for (since_ms, percent) in [(0, 10), (9_999, 10), (10_000, 30), (20_000, 60), (29_999, 60)] {
        assert_eq!(state(&known, NOW_MS + 1_000 + since_ms), Availability::Returning(percent));
    }
    assert_eq!(state(&known, NOW_MS + 31_000), Availability::Good);
    let gone = told(&[missed(0), reached(1_000), missed(1_010)]);
    assert_eq!(state(&gone, NOW_MS + 1_020), Availability::Missing(10), "and gone again");
    assert!(!gone.of(1).is_reliable(NOW_MS + 1_020));
}

#[test]
fn what_is_no_news_is_not_told() {
    let none = Standings::default();
    for news in [News::Whole, News::Reached, News::Failed] {
        assert_eq!(none.after(1, news, NOW_MS, &BREAKER), None, "{news:?}");
    }
    let missed = none.after(1, News::Missed, NOW_MS, &BREAKER).unwrap();
    assert_eq!(missed.after(1, News::Missed, NOW_MS + 249, &BREAKER), None);
    assert!(missed.after(1, News::Missed, NOW_MS + 250, &BREAKER).is_some());
    // Who fails while another comes back doesn't stand in for it.
    assert_eq!(missed.after(1, News::Failed, NOW_MS, &BREAKER), None);
    let failed = missed.after(2, News::Failed, NOW_MS, &BREAKER).unwrap();
    assert!(!failed.of(2).is_reliable(NOW_MS + 1_999) && failed.of(2).is_reliable(NOW_MS + 2_000));
    assert_eq!(failed.of(2).state(NOW_MS), Availability::Good);
}

#[test]
fn what_is_over_is_forgotten() {
    let known = told(&[(NOW_MS, limited(1_000)), (NOW_MS, News::Missed), (NOW_MS + 500, News::Reached)]);
    assert!(!known.clone().at(NOW_MS + 30_499).is_empty());
    assert!(known.clone().at(NOW_MS + 30_500).is_empty(), "requests needn't look at it");
    assert_eq!(Standings::read(known.write().as_bytes(), NOW_MS + 3_600_500), Standings::default());
}

#[test]
fn a_clock_that_jumps_does_no_harm() {
    let known = told(&[(NOW_MS, limited(10_000)), (NOW_MS, News::Broke), (NOW_MS, News::Missed)]);
    assert_eq!(state(&known, NOW_MS + 3_600_000), Availability::Good);
    let back_ms = NOW_MS - 3_600_000;
    assert_eq!(state(&known, back_ms), Availability::Good);
    let again =
        Standings::read(known.write().as_bytes(), back_ms).after(1, limited(10_000), back_ms, &BREAKER);
    assert_eq!(state(&again.unwrap(), back_ms), Availability::Cooling(back_ms + 10_000));
    let last = Standings::default().after(1, limited(1), u64::MAX, &BREAKER).unwrap();
    assert_eq!(last.of(1).state(u64::MAX), Availability::Good);
}

#[test]
fn what_is_no_line_is_left_out() {
    let good = told(&[(NOW_MS, limited(1_000))]).write();
    let text = format!("\n1\n1 x\n1 2 3 4 -5 6 7 8 9\n{good}");
    assert_eq!(Standings::read(text.as_bytes(), NOW_MS).write(), good);
    assert_eq!(Standings::read(&[0xff, 0xfe], NOW_MS), Standings::default());
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    fn news() -> impl Strategy<Value = News> {
        prop_oneof![
            (0u64..400_000).prop_map(limited),
            Just(News::Broke),
            Just(News::Whole),
            Just(News::Missed),
            Just(News::Reached),
            Just(News::Failed),
        ]
    }

    proptest! {
        /// What workers write is what workers read, and a target that is left alone in the end is good again.
        #[test]
        fn no_history_lasts(history in prop::collection::vec((0u64..60_000, 1u64..4, news()), 0..40)) {
            let (mut known, mut now_ms) = (Standings::default(), NOW_MS);
            for (passed_ms, identity, news) in history {
                now_ms += passed_ms;
                known = known.after(identity, news, now_ms, &BREAKER).unwrap_or(known);
                prop_assert_eq!(&Standings::read(known.write().as_bytes(), now_ms), &known);
                for (_, one) in known.iter() {
                    match one.state(now_ms) {
                        Availability::Good => {}
                        Availability::Cooling(until_ms) => prop_assert!(until_ms - now_ms <= MAX_RETRY_AFTER_MS),
                        Availability::Ejected(until_ms) => {
                            prop_assert!(until_ms - now_ms <= BREAKER.max_ejection_time_ms);
                        }
                        Availability::Missing(percent) | Availability::Returning(percent) => {
                            prop_assert!((10..100).contains(&percent));
                        }
                    }
                }
            }
            let later_ms = now_ms + MAX_RETRY_AFTER_MS.max(BREAKER.max_ejection_time_ms) + RAMP_MS;
            for (_, one) in known.iter() {
                prop_assert_eq!(one.state(later_ms), Availability::Good);
            }
        }
    }
}
