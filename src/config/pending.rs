//! Stand-ins for types that other modules are about to bring.

/// A provider.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
}

/// A failure class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Overloaded,
}

/// A set of failure classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassSet(pub u16);
