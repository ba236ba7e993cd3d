//! The programs that assistants run in: where their configuration is, and how Coral stands in it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{jsonc, toml};
use crate::args::McpClient;

/// The name of Coral in every configuration.
const NAME: &str = "coral";

/// How a program starts Coral.
pub(super) struct Start {
    /// The path of this program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Where directories of the user are.
pub(super) struct Home {
    /// The home directory.
    pub dir: PathBuf,
    /// `CLAUDE_CONFIG_DIR`, if it is set.
    pub claude: Option<PathBuf>,
    /// `CODEX_HOME`, if it is set.
    pub codex: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, if it is set.
    pub config: Option<PathBuf>,
    /// Whether the host is a Mac.
    pub is_mac: bool,
}

impl Home {
    /// The directories of whoever runs this program; `None` without `HOME`.
    pub fn of_user() -> Option<Self> {
        let variable = |name: &str| {
            std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        Some(Self {
            dir: variable("HOME")?,
            claude: variable("CLAUDE_CONFIG_DIR"),
            codex: variable("CODEX_HOME"),
            config: variable("XDG_CONFIG_HOME"),
            is_mac: cfg!(target_os = "macos"),
        })
    }

    /// The configuration of `client`.
    pub fn file(&self, client: McpClient) -> PathBuf {
        let home = |path: &str| self.dir.join(path);
        let settings = match self.is_mac {
            true => home("Library/Application Support"),
            false => self.config.clone().unwrap_or_else(|| home(".config")),
        };
        match client {
            McpClient::Claude => self.claude.as_ref().unwrap_or(&self.dir).join(".claude.json"),
            McpClient::ClaudeDesktop => settings.join("Claude/claude_desktop_config.json"),
            McpClient::Codex => {
                self.codex.clone().unwrap_or_else(|| home(".codex")).join("config.toml")
            }
            McpClient::Cursor => home(".cursor/mcp.json"),
            McpClient::Vscode => settings.join("Code/User/mcp.json"),
            McpClient::Gemini => home(".gemini/settings.json"),
        }
    }
}

/// `text`, the configuration of `client` in `file`, with Coral in it.
///
/// # Errors
/// Why the text cannot be changed.
pub(super) fn configured(
    client: McpClient,
    file: &Path,
    text: &str,
    start: &Start,
) -> Result<String, String> {
    let changed = match client {
        McpClient::Codex => toml::with_table(text, "mcp_servers", NAME, &start.toml())
            .map_err(|error| error.to_string()),
        McpClient::Vscode => member(text, "servers", &start.json(true)),
        McpClient::Claude => member(text, "mcpServers", &start.json(true)),
        McpClient::ClaudeDesktop | McpClient::Cursor | McpClient::Gemini => {
            member(text, "mcpServers", &start.json(false))
        }
    };
    changed.map_err(|reason| format!("`{}` cannot be changed: {reason}", file.display()))
}

fn member(text: &str, parent: &str, value: &str) -> Result<String, String> {
    jsonc::with_member(text, parent, NAME, value).map_err(|error| error.to_string())
}

impl Start {
    fn json(&self, has_type: bool) -> String {
        let text = |value: &str| json!(value).to_string();
        let arguments: Vec<String> = self.arguments.iter().map(|one| text(one)).collect();
        let (program, arguments) = (text(&self.program), arguments.join(", "));
        let kind = if has_type { "  \"type\": \"stdio\",\n" } else { "" };
        format!("{{\n{kind}  \"command\": {program},\n  \"args\": [{arguments}]\n}}")
    }

    /// TOML's basic strings have the escapes of JSON.
    fn toml(&self) -> String {
        let text = |value: &str| json!(value).to_string();
        let arguments: Vec<String> = self.arguments.iter().map(|one| text(one)).collect();
        format!("command = {}\nargs = [{}]", text(&self.program), arguments.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const CLIENTS: [McpClient; 6] = [
        McpClient::Claude,
        McpClient::ClaudeDesktop,
        McpClient::Codex,
        McpClient::Cursor,
        McpClient::Vscode,
        McpClient::Gemini,
    ];

    #[test]
    fn each_client_has_its_file_and_its_form() {
        let home =
            |is_mac| Home { dir: "/h".into(), claude: None, codex: None, config: None, is_mac };
        let start = Start {
            program: "/usr/bin/coral".to_owned(),
            arguments: vec!["mcp".to_owned(), "--colony".to_owned(), "https://c\"1".to_owned()],
        };
        let mut text = String::new();
        for client in CLIENTS {
            let file = home(false).file(client);
            let configured = configured(client, &file, "", &start).unwrap();
            text +=
                &format!("{}\n{}\n{configured}", file.display(), home(true).file(client).display());
        }
        expect![[r#"
            /h/.claude.json
            /h/.claude.json
            {
              "mcpServers": {
                "coral": {
                  "type": "stdio",
                  "command": "/usr/bin/coral",
                  "args": ["mcp", "--colony", "https://c\"1"]
                }
              }
            }
            /h/.config/Claude/claude_desktop_config.json
            /h/Library/Application Support/Claude/claude_desktop_config.json
            {
              "mcpServers": {
                "coral": {
                  "command": "/usr/bin/coral",
                  "args": ["mcp", "--colony", "https://c\"1"]
                }
              }
            }
            /h/.codex/config.toml
            /h/.codex/config.toml
            [mcp_servers.coral]
            command = "/usr/bin/coral"
            args = ["mcp", "--colony", "https://c\"1"]
            /h/.cursor/mcp.json
            /h/.cursor/mcp.json
            {
              "mcpServers": {
                "coral": {
                  "command": "/usr/bin/coral",
                  "args": ["mcp", "--colony", "https://c\"1"]
                }
              }
            }
            /h/.config/Code/User/mcp.json
            /h/Library/Application Support/Code/User/mcp.json
            {
              "servers": {
                "coral": {
                  "type": "stdio",
                  "command": "/usr/bin/coral",
                  "args": ["mcp", "--colony", "https://c\"1"]
                }
              }
            }
            /h/.gemini/settings.json
            /h/.gemini/settings.json
            {
              "mcpServers": {
                "coral": {
                  "command": "/usr/bin/coral",
                  "args": ["mcp", "--colony", "https://c\"1"]
                }
              }
            }
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn a_variable_names_another_directory() {
        let home = Home {
            dir: "/h".into(),
            claude: Some("/c".into()),
            codex: Some("/x".into()),
            config: Some("/f".into()),
            is_mac: false,
        };
        let files = CLIENTS.map(|client| home.file(client).display().to_string());
        assert_eq!(
            files,
            [
                "/c/.claude.json",
                "/f/Claude/claude_desktop_config.json",
                "/x/config.toml",
                "/h/.cursor/mcp.json",
                "/f/Code/User/mcp.json",
                "/h/.gemini/settings.json",
            ]
        );
    }
}
