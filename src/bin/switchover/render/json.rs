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

/// The same on one line, for Envoy alone.
pub fn compact(root: &TreeNode) -> String {
    let mut json = Vec::new();
    written(root, &mut Writer::new(&mut json));
    String::from_utf8_lossy(&json).into_owned()
}

fn written(node: &TreeNode, w: &mut Writer<'_>) {
    match node {
        TreeNode::Bool(truth) => w.bool(*truth),
        TreeNode::Whole(number) => w.u64(*number),
        TreeNode::Number(number) => w.f64(*number),
        TreeNode::Text(text) => w.string(text),
        TreeNode::List(items) => w.array(|w| items.iter().for_each(|item| written(&item.value, w))),
        TreeNode::Map(entries) => w.object(|w| {
            for entry in entries {
                w.key_string(&entry.key);
                written(&entry.value, w);
            }
        }),
        TreeNode::SharedTree(shared) => written(&shared.value, w),
    }
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
    match node {
        TreeNode::List(_) => "[]".to_owned(),
        TreeNode::Map(_) | TreeNode::SharedTree(_) => "{}".to_owned(),
        plain => compact(plain),
    }
}
