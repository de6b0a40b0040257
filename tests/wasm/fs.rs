//! As much of `std::fs` as the tests read their cases with, from Node: std itself has no files on this target.

use std::path::{Path, PathBuf};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "node:fs")]
extern "C" {
    #[wasm_bindgen(catch, js_name = readFileSync)]
    fn read_file(path: &str) -> Result<Vec<u8>, JsValue>;
    #[wasm_bindgen(catch, js_name = readdirSync)]
    fn read_folder(path: &str) -> Result<Vec<String>, JsValue>;
    #[wasm_bindgen(js_name = existsSync)]
    fn path_exists(path: &str) -> bool;
}

pub struct Entry(PathBuf);

impl Entry {
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

pub struct Metadata {
    folder: bool,
}

impl Metadata {
    pub fn is_dir(&self) -> bool {
        self.folder
    }

    pub fn is_file(&self) -> bool {
        !self.folder
    }
}

pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, JsValue> {
    read_file(text(path.as_ref())?)
}

pub fn read_to_string(path: impl AsRef<Path>) -> Result<String, JsValue> {
    String::from_utf8(read(path)?).map_err(|error| error.to_string().into())
}

pub fn read_dir(path: impl AsRef<Path>) -> Result<impl Iterator<Item = Result<Entry, JsValue>>, JsValue> {
    let folder = path.as_ref().to_owned();
    let names = read_folder(text(&folder)?)?;
    Ok(names.into_iter().map(move |name| Ok(Entry(folder.join(name)))))
}

pub fn metadata(path: impl AsRef<Path>) -> Result<Metadata, JsValue> {
    let path = text(path.as_ref())?;
    if !path_exists(path) {
        return Err(JsValue::from("there is no such file"));
    }
    Ok(Metadata { folder: read_folder(path).is_ok() })
}

/// Expected files are written by the native run only.
pub fn write(_: impl AsRef<Path>, _: impl AsRef<[u8]>) -> Result<(), JsValue> {
    Err(JsValue::from("nothing is written in Node"))
}

pub fn remove_file(path: impl AsRef<Path>) -> Result<(), JsValue> {
    write(path, b"")
}

fn text(path: &Path) -> Result<&str, JsValue> {
    path.to_str().ok_or_else(|| JsValue::from("the path is not UTF-8"))
}
