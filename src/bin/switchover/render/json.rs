//! Writes a tree as indented JSON, for programs: without comments, repeated parts repeated.

use super::tree::TreeNode;
use switchover::json::Writer;

/// The whole document.
pub fn write(root: &TreeNode) -> String {
    let mut out = String::new();
    value(root, 0, &mut out);
    out.push('\n');
    out
}

fn value(node: &TreeNode, indent: usize, out: &mut String) {
    match node {
        TreeNode::SharedTree(shared) => value(&shared.value, indent, out),
        TreeNode::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                line(i, indent + 1, out);
                value(&item.value, indent + 1, out);
            }
            end(indent, ']', out);
        }
        TreeNode::Map(entries) if !entries.is_empty() => {
            out.push('{');
            for (i, entry) in entries.iter().enumerate() {
                line(i, indent + 1, out);
                out.push_str(&scalar(&TreeNode::Text(entry.key.clone())));
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

fn scalar(node: &TreeNode) -> String {
    let mut json = Vec::new();
    let mut w = Writer::new(&mut json);
    match node {
        TreeNode::Bool(truth) => w.bool(*truth),
        TreeNode::Whole(number) => w.u64(*number),
        TreeNode::Number(number) => w.f64(*number),
        TreeNode::Text(text) => w.string(text),
        TreeNode::List(_) => w.array(|_| ()),
        TreeNode::Map(_) | TreeNode::SharedTree(_) => w.object(|_| ()),
    }
    String::from_utf8_lossy(&json).into_owned()
}
