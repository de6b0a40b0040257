//! Answers of ours, and what the access log is told of answers.

use super::abi;
use crate::failure::Class;
use crate::filter::headers::HeaderList;
use crate::filter::{Answer, OURS};

/// The header lines of an answer of ours.
pub fn lines(answer: &Answer) -> HeaderList {
    let mut headers = HeaderList::new();
    answer.headers.iter().for_each(|(name, value)| headers.push(*name, value));
    headers
}

/// Sends an answer of ours.
pub fn respond(answer: &Answer) -> Result<(), abi::Status> {
    abi::respond(u32::from(answer.status), OURS, &lines(answer), &answer.body)
}

/// Says in the access log that a stream broke off, whose status is 200.
pub fn broken(class: Class) {
    let _ = abi::set_property("switchover.class", class.name().as_bytes());
    let _ = abi::set_property("switchover.broken", b"true");
}
