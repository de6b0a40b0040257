use super::*;
use std::convert::Infallible;

const FINE: Result<(), Infallible> = Ok(());

/// What a reader gave for some chunks.
#[derive(Debug, PartialEq)]
struct Seen {
    frames: Vec<(String, Vec<u8>)>,
    /// The frames as they came, without the line ends around them: where a chunk ends inside a CRLF, its LF moves.
    raw: Vec<Vec<u8>>,
    leftover: Vec<u8>,
}

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let (mut sse, mut frames, mut raw) = (Sse::new(), Vec::new(), Vec::new());
    for chunk in chunks {
        sse.push(chunk, &mut |frame| {
            frames.push((frame.event.to_owned(), frame.data.to_vec()));
            raw.push(trim_line_ends(frame.raw).to_vec());
            FINE
        })
        .unwrap();
    }
    Seen { frames, raw, leftover: sse.leftover().to_vec() }
}

fn frames(text: &str) -> Vec<(String, String)> {
    let seen = read([text.as_bytes()]);
    seen.frames.into_iter().map(|(event, data)| (event, String::from_utf8(data).unwrap())).collect()
}

fn frame(event: &str, data: &str) -> (String, String) {
    (event.to_owned(), data.to_owned())
}

#[test]
fn fields() {
    assert_eq!(
        frames("data: a\n\ndata:b\n\ndata:  c\n\n"),
        [frame("", "a"), frame("", "b"), frame("", " c")]
    );
    assert_eq!(frames("event: ping\ndata: {}\nid: 7\nretry: 3\nfoo: bar\n\n"), [frame("ping", "{}")]);
    assert_eq!(frames("data: a\ndata\ndata: b: c\n\n"), [frame("", "a\n\nb: c")]);
    assert_eq!(frames("event: a\nevent: b\ndata: 1\n\ndata: 2\n\n"), [frame("b", "1"), frame("", "2")]);
    assert_eq!(frames("data\n\n"), [frame("", "")]);
}

#[test]
fn what_is_no_event() {
    assert_eq!(frames(": OPENROUTER PROCESSING\n\n\n\nevent: lonely\n\n:data: x\n\n datax: y\n\n"), []);
    assert_eq!(frames(": comment\ndata: x\n: comment\n\n"), [frame("", "x")]);
}

#[test]
fn line_ends() {
    for end in ["\n", "\r", "\r\n"] {
        let text = "event: e\ndata: a\ndata: b\n\ndata: c\n\n".replace('\n', end);
        assert_eq!(frames(&text), [frame("e", "a\nb"), frame("", "c")], "{end:?}");
    }
    assert_eq!(
        frames("data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\n\r"),
        [frame("", "a"), frame("", "b"), frame("", "c"), frame("", "d")]
    );
}

#[test]
fn a_blank_line_that_ends_in_cr_does_not_wait_for_the_next_byte() {
    let seen = read([b"data: a\r\n\r".as_slice()]);
    assert_eq!(seen.frames.len(), 1);
    let (mut sse, mut raw) = (Sse::new(), Vec::new());
    for chunk in [b"data: a\r\n\r".as_slice(), b"\n", b"data: b\r\n\r\n"] {
        let mut keep = |frame: Frame<'_>| {
            raw.push(frame.raw.to_vec());
            FINE
        };
        sse.push(chunk, &mut keep).unwrap();
    }
    assert_eq!(raw, [b"data: a\r\n\r".as_slice(), b"\ndata: b\r\n\r\n"]);
}

#[test]
fn byte_order_mark_only_at_the_start() {
    assert_eq!(frames("\u{feff}data: a\n\n\u{feff}data: b\n\n"), [frame("", "a")]);
    assert_eq!(frames("\u{feff}\ndata: a\n\n"), [frame("", "a")]);
}

#[test]
fn bytes_that_are_not_text_are_kept() {
    let seen = read([b"event: \xff\ndata: \xff\xc3\0\n\n".as_slice()]);
    assert_eq!(seen.frames, [(NOT_UTF8.to_owned(), b"\xff\xc3\0".to_vec())]);
}

#[test]
fn an_unfinished_event_is_left_over() {
    assert_eq!(read([b"data: a\n\ndata: [DO".as_slice()]).leftover, b"data: [DO");
    assert_eq!(read([b"data: a\n\ndata: [DONE]\n".as_slice()]).leftover, b"data: [DONE]");
    assert_eq!(read([b"data: a\n\n".as_slice(), b"\r\n\r"]).leftover, b"");
    assert_eq!(read([b"".as_slice()]).leftover, b"");
}

#[test]
fn bounded() {
    let event = b"data: 0123456789\n\n";
    let mut sse = Sse::with_limit(event.len());
    sse.push(event, &mut |_| FINE).unwrap();
    let mut sse = Sse::with_limit(event.len() - 1);
    let mut none = |_: Frame<'_>| -> Result<(), Infallible> { panic!("too large") };
    let whole = sse.push(event, &mut none);
    assert_eq!(whole, Err(Stopped::Framing(TooLarge { limit: 17 })));
    assert!(sse.push(b"data: x\n\n", &mut none).is_err());
    let mut sse = Sse::with_limit(16);
    let cut = event.chunks(3).try_for_each(|chunk| sse.push(chunk, &mut none));
    assert_eq!(cut, Err(Stopped::Framing(TooLarge { limit: 16 })));
}

#[test]
fn what_follows_a_failure_of_the_sink_is_not_read() {
    let stream = b"data: a\n\ndata: b\n\ndata: c\n\ndata: d";
    for size in [1, 11, stream.len()] {
        let (mut sse, mut seen) = (Sse::new(), Vec::new());
        let mut take = |frame: Frame<'_>| {
            seen.push(frame.data.to_vec());
            if frame.data == b"b" { Err("enough") } else { Ok(()) }
        };
        let results: Vec<_> = stream.chunks(size).map(|chunk| sse.push(chunk, &mut take)).collect();
        assert_eq!(results.iter().filter(|result| **result == Err(Stopped::Sink("enough"))).count(), 1);
        assert_eq!(seen, [b"a", b"b"]);
        assert_eq!(sse.leftover(), b"");
    }
}

#[test]
fn what_lies_in_one_chunk_is_borrowed() {
    let chunk = b"data: a\n\nevent: e\ndata: b\n\ndata: c".as_slice();
    let range = chunk.as_ptr_range();
    let mut sse = Sse::new();
    sse.push(chunk, &mut |frame| {
        assert!(range.contains(&frame.data.as_ptr()) && range.contains(&frame.raw.as_ptr()));
        FINE
    })
    .unwrap();
}

#[test]
fn writes() {
    let mut out = Vec::new();
    write_event(&mut out, Some("ping"), |out| out.extend_from_slice(b"{}"));
    write_event(&mut out, None, |out| out.extend_from_slice(b"{\n \"a\":\r\n1\r}"));
    out.extend_from_slice(DONE);
    let text = "event: ping\ndata: {}\n\ndata: {\ndata:  \"a\":\ndata: 1\ndata: }\n\ndata: [DONE]\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), text);
    assert_eq!(frames(text)[1].1, "{\n \"a\":\n1\n}");
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    /// Streams made of the pieces that matter, so that a short text has every kind of line end and field.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            b"\n".as_slice(),
            b"\r",
            b"\r\n",
            b"\n\n",
            b"data:",
            b"data: ",
            b"data",
            b"event: e",
            b"id: 1",
            b":",
            b" ",
            b"x",
            b"\xef\xbb\xbf",
            b"\xc3\xa9",
            b"\xff",
            b"[DONE]",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40).prop_map(|p| p.concat())
    }

    /// The format read the slow way: whole, line by line, as the specification words it.
    fn by_the_book(stream: &[u8]) -> Vec<(String, Vec<u8>)> {
        let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
        let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
        while at < stream.len() {
            match stream[at] {
                b'\r' | b'\n' => {
                    at += usize::from(stream[at..].starts_with(b"\r\n"));
                    lines.push(std::mem::take(&mut line));
                }
                byte => line.push(byte),
            }
            at += 1;
        }
        let (mut frames, mut event, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            if line.is_empty() {
                let name = String::from_utf8(std::mem::take(&mut event)).unwrap_or(NOT_UTF8.to_owned());
                if data.pop().is_some() {
                    frames.push((name, std::mem::take(&mut data)));
                }
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &line[..colon] {
                b"event" => event = value.to_vec(),
                b"data" => data.extend(value.iter().chain(b"\n")),
                _ => {}
            }
        }
        frames
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(stream in stream(), cuts in proptest::collection::vec(0usize..200, 0..6)) {
            let whole = read([stream.as_slice()]);
            prop_assert_eq!(&whole.frames, &by_the_book(&stream));
            prop_assert_eq!(&read(stream.chunks(1)), &whole);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            prop_assert_eq!(&read(cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]])), &whole);
        }

        #[test]
        fn every_two_way_split(stream in stream()) {
            let whole = read([stream.as_slice()]);
            for at in 0..=stream.len() {
                prop_assert_eq!(&read([&stream[..at], &stream[at..]]), &whole);
            }
        }

        #[test]
        fn written_events_read_back(data in "[ -~\n\r]{0,40}") {
            let mut out = Vec::new();
            write_event(&mut out, Some("e"), |out| out.extend_from_slice(data.as_bytes()));
            let seen = read([out.as_slice()]);
            prop_assert_eq!(seen.frames.len(), 1);
            let lines = data.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(&seen.frames[0].1, lines.as_bytes());
        }
    }
}
