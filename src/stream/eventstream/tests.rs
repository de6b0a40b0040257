use super::*;
use std::convert::Infallible;

const FINE: Result<(), Infallible> = Ok(());

/// A frame, owned, or what ended the stream.
type Seen = (Vec<(MessageType, String, Vec<u8>)>, Result<bool, Corrupt>);

/// The frames, and whether the stream ended inside one, or why it can't be read.
fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let (mut stream, mut frames) = (EventStream::with_limit(4096), Vec::new());
    let result = chunks.into_iter().try_for_each(|chunk| {
        let pushed = stream.push(chunk, &mut |frame| {
            frames.push((frame.message_type, frame.name.to_owned(), frame.payload.to_vec()));
            FINE
        });
        pushed.map_err(|Stopped::Framing(corrupt)| corrupt)
    });
    (frames, result.map(|()| stream.is_inside_frame()))
}

/// The frames of the format's own test suite.
const EMPTY: [u8; 16] = [0, 0, 0, 0x10, 0, 0, 0, 0, 5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
const WITH_HEADER: &[u8] = b"\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";

#[test]
fn the_formats_own_frames() {
    assert_eq!(frame_size(&EMPTY, 16), Ok(Some(16)));
    assert_eq!(split(&EMPTY), Ok((b"".as_slice(), b"".as_slice())));
    assert_eq!(frame_size(WITH_HEADER, 100), Ok(Some(61)));
    let (headers, payload) = split(WITH_HEADER).unwrap();
    assert_eq!(
        (text_of(headers, "content-type"), payload),
        (Some("application/json"), b"{'foo':'bar'}".as_slice())
    );
    let written = encode::frame(&[("content-type", HeaderValue::Text("application/json"))], b"{'foo':'bar'}");
    assert_eq!(written, WITH_HEADER);
}

#[test]
fn events_exceptions_and_errors() {
    let error = encode::frame(
        &[
            (":message-type", HeaderValue::Text("error")),
            (":error-code", HeaderValue::Text("InternalError")),
            (":error-message", HeaderValue::Text("oops")),
        ],
        b"",
    );
    let bytes =
        [encode::event("messageStart", b"{}"), encode::exception("throttlingException", b"{1}"), error]
            .concat();
    let (frames, end) = read([bytes.as_slice()]);
    assert_eq!(end, Ok(false));
    let names: Vec<_> = frames.iter().map(|(kind, name, _)| (*kind, name.as_str())).collect();
    assert_eq!(
        names,
        [
            (MessageType::Event, "messageStart"),
            (MessageType::Exception, "throttlingException"),
            (MessageType::Error, "InternalError"),
        ]
    );
}

#[test]
fn every_type_of_header() {
    let values = [
        ("t", HeaderValue::Bool(true)),
        ("f", HeaderValue::Bool(false)),
        ("i8", HeaderValue::Integer(-1)),
        ("i16", HeaderValue::Integer(-300)),
        ("i32", HeaderValue::Integer(70_000)),
        ("i64", HeaderValue::Integer(i64::MIN)),
        ("bytes", HeaderValue::Bytes(b"\xff\x00")),
        (":message-type", HeaderValue::Text("event")),
        ("time", HeaderValue::Timestamp(1_780_000_000_000)),
        ("uuid", HeaderValue::Uuid(*b"0123456789abcdef")),
    ];
    let bytes = encode::frame(&values, b"");
    let mut seen = 0;
    EventStream::new()
        .push(&bytes, &mut |frame| {
            assert_eq!(frame.headers().collect::<Vec<_>>(), values);
            assert_eq!((frame.name, frame.content_type, frame.text("t")), ("", "", None));
            seen += 1;
            FINE
        })
        .unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn corrupt_is_never_incomplete() {
    let good = encode::event("a", b"{\"x\":1}");
    let next = [good.clone(), good.clone()].concat();
    // Whichever byte is wrong, the frame before is given out, and then it is an error as soon as it can be known.
    for at in good.len()..next.len() {
        let mut bad = next.clone();
        bad[at] ^= 0x10;
        let (frames, end) = read([bad.as_slice()]);
        assert_eq!(
            (frames.len(), end),
            (1, Err(if at < good.len() + 12 { Corrupt::Prelude } else { Corrupt::Message }))
        );
    }
    assert_eq!(read([b"<html><head>".as_slice()]).1, Err(Corrupt::Prelude));
    assert_eq!(read([b"data: {\"er".as_slice(), b"ror\"}\n\n"]).1, Err(Corrupt::Prelude));
}

/// A prelude whose checksum is right.
fn prelude(total: u32, headers: u32) -> Vec<u8> {
    let mut out = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    out.extend(crc32::of(&out).to_be_bytes());
    out
}

#[test]
fn lengths_that_lie() {
    assert_eq!(read([prelude(15, 0).as_slice()]).1, Err(Corrupt::Lengths));
    assert_eq!(read([prelude(0, 0).as_slice()]).1, Err(Corrupt::Lengths));
    assert_eq!(read([prelude(100, 85).as_slice()]).1, Err(Corrupt::Lengths));
    assert_eq!(read([prelude(u32::MAX, u32::MAX).as_slice()]).1, Err(Corrupt::Lengths));
    assert_eq!(read([prelude(4097, 0).as_slice()]).1, Err(Corrupt::TooLarge { limit: 4096 }));
    assert_eq!(read([prelude(4096, 0).as_slice()]).1, Ok(true));
}

#[test]
fn headers_that_lie() {
    assert_eq!(read([EMPTY.as_slice()]).1, Err(Corrupt::Headers));
    assert_eq!(read([WITH_HEADER]).1, Err(Corrupt::Headers), "no :message-type");
    let raw = |head: &[u8]| {
        let total = u32::try_from(head.len() + 16).unwrap();
        let mut out = [prelude(total, total - 16), head.to_vec()].concat();
        out.extend(crc32::of(&out).to_be_bytes());
        out
    };
    let event = b"\x0d:message-type\x07\x00\x05event";
    assert_eq!(read([raw(event).as_slice()]).1, Ok(false));
    for bad in [
        b"\x00\x00".as_slice(),
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07\x00\x09x",
        b"\x05a",
        b"\x01a\x07\x00\x01\xff",
        b"\x01\xff\x00",
    ] {
        assert_eq!(read([raw(&[event, bad].concat()).as_slice()]).1, Err(Corrupt::Headers), "{bad:x?}");
        assert_eq!(read([raw(&[bad, event].concat()).as_slice()]).1, Err(Corrupt::Headers), "{bad:x?}");
    }
    assert_eq!(read([raw(b"\x0d:message-type\x07\x00\x03new").as_slice()]).1, Err(Corrupt::Headers));
}

#[test]
fn stays_broken() {
    let mut stream = EventStream::new();
    let mut none = |_: AwsFrame<'_>| -> Result<(), Infallible> { panic!("after an error") };
    let broken = Err(Stopped::Framing(Corrupt::Prelude));
    assert_eq!(stream.push(b"<!DOCTYPE html>", &mut none), broken);
    assert_eq!(stream.push(&encode::event("a", b""), &mut none), broken);
    assert!(!stream.is_inside_frame());
}

#[test]
fn what_follows_a_failure_of_the_sink_is_not_read() {
    let bytes: Vec<u8> = ["a", "b", "c"].iter().flat_map(|name| encode::event(name, b"{}")).collect();
    for size in [1, bytes.len()] {
        let (mut stream, mut seen) = (EventStream::new(), String::new());
        let mut take = |frame: AwsFrame<'_>| {
            seen.push_str(frame.name);
            if frame.name == "b" { Err("enough") } else { Ok(()) }
        };
        let results: Vec<_> = bytes.chunks(size).map(|chunk| stream.push(chunk, &mut take)).collect();
        assert_eq!(results.iter().filter(|result| **result == Err(Stopped::Sink("enough"))).count(), 1);
        assert_eq!((seen.as_str(), stream.is_inside_frame()), ("ab", false));
    }
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let payload = || proptest::collection::vec(any::<u8>(), 0..60);
        let frame = prop_oneof![
            payload().prop_map(|payload| encode::event("contentBlockDelta", &payload)),
            payload().prop_map(|payload| encode::exception("throttlingException", &payload)),
        ];
        (proptest::collection::vec(frame, 0..5), 0usize..20).prop_map(|(frames, cut)| {
            let mut bytes = frames.concat();
            bytes.truncate(bytes.len().saturating_sub(cut));
            bytes
        })
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(stream in stream()) {
            let whole = read([stream.as_slice()]);
            prop_assert!(whole.1.is_ok());
            prop_assert_eq!(&read(stream.chunks(1)), &whole);
            for at in 0..=stream.len() {
                prop_assert_eq!(&read([&stream[..at], &stream[at..]]), &whole);
            }
        }

        #[test]
        fn any_split_of_a_corrupt_stream_is_the_same_error(stream in stream(), at in any::<usize>(), flip in 1u8..) {
            let mut stream = stream;
            let length = stream.len().max(1);
            if let Some(byte) = stream.get_mut(at % length) { *byte ^= flip }
            let whole = read([stream.as_slice()]);
            prop_assert_eq!(&read(stream.chunks(1)), &whole);
            prop_assert_eq!(&read(stream.chunks(7)), &whole);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes.chunks(5));
            let _ = Headers::new(&bytes).count();
            let _ = decode(&bytes);
        }
    }
}
