//! Writes a tree as indented JSON, for programs: without comments, repeated parts repeated.

use super::tree::Node;
use switchover::json::Writer;

/// The whole document.
pub fn write(root: &Node) -> String {
    let mut out = String::new();
    value(root, 0, &mut out);
    out.push('\n');
    out
}

fn value(node: &Node, indent: usize, out: &mut String) {
    match node {
        Node::Shared(shared) => value(&shared.value, indent, out),
        Node::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                line(i, indent + 1, out);
                value(&item.value, indent + 1, out);
            }
            end(indent, ']', out);
        }
        Node::Map(entries) if !entries.is_empty() => {
            out.push('{');
            for (i, entry) in entries.iter().enumerate() {
                line(i, indent + 1, out);
                out.push_str(&scalar(&Node::Text(entry.key.clone())));
                out.push_str(": ");
                value(&entry.value, indent + 1, out);
            }
            end(indent, '}', out);
        }
        other => out.push_str(&scalar(other)),
    }
}

fn line(i: usize, indent: usize, out: &mut String) {
    out.push_str(if i == 0 { "\n" } else { ",\n" });
    out.extend(std::iter::repeat_n(' ', indent));
}

fn end(indent: usize, bracket: char, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(bracket);
}

fn scalar(node: &Node) -> String {
    let mut json = Vec::new();
    let mut w = Writer::new(&mut json);
    match node {
        Node::Bool(truth) => w.bool(*truth),
        Node::Whole(number) => w.u64(*number),
        Node::Number(number) => w.f64(*number),
        Node::Text(text) => w.string(text),
        Node::List(_) => w.array(|_| ()),
        Node::Map(_) | Node::Shared(_) => w.object(|_| ()),
    }
    String::from_utf8_lossy(&json).into_owned()
}
