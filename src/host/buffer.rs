//! The piece of a body that Envoy has for a callback.

use super::abi;

/// The bytes of a body that are in Envoy's buffer. The last piece is often empty.
pub fn read(buffer: abi::Buffer, size: usize) -> Result<Vec<u8>, abi::Status> {
    if size == 0 { Ok(Vec::new()) } else { abi::buffer(buffer, 0, size) }
}

/// Takes the bytes out of Envoy's buffer: nothing that waits stays in it.
pub fn drain(buffer: abi::Buffer, size: usize) -> Result<(), abi::Status> {
    if size == 0 { Ok(()) } else { abi::set_buffer(buffer, 0, size, &[]) }
}
