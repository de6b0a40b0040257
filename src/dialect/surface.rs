//! The paths that callers call.

/// What a caller called: its path chooses the dialect of request, answer and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `POST /v1/chat/completions`, OpenAI.
    Chat,
    /// `POST /v1/messages`, Anthropic.
    Messages,
    /// `POST /v1/messages/count_tokens`, Anthropic.
    CountTokens,
    /// `POST /v1/responses`, OpenAI.
    Responses,
    /// `POST /v1/embeddings`, OpenAI.
    Embeddings,
}

impl Surface {
    const PATHS: [(&'static str, Surface); 5] = [
        ("/v1/chat/completions", Surface::Chat),
        ("/v1/messages", Surface::Messages),
        ("/v1/messages/count_tokens", Surface::CountTokens),
        ("/v1/responses", Surface::Responses),
        ("/v1/embeddings", Surface::Embeddings),
    ];

    /// Its path below the base path.
    pub fn path(self) -> &'static str {
        Surface::PATHS.iter().find(|(_, surface)| *surface == self).map_or("", |(path, _)| path)
    }

    /// The surface of a path below the base path; a query is ignored.
    pub fn of_path(path: &str) -> Option<Surface> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Surface::PATHS.iter().find(|(known, _)| *known == path).map(|(_, surface)| *surface)
    }

    /// Whether errors go out in Anthropic's envelope.
    pub fn is_anthropic(self) -> bool {
        matches!(self, Surface::Messages | Surface::CountTokens)
    }
}
