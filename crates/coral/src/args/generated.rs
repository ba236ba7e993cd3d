//! `coral completions` and `coral man`: what is generated from the command line itself.

use std::path::PathBuf;

use clap::{Args, Command, ValueEnum};

use super::help;

/// `coral completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// A shell that completes commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// `coral man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command, such as `query topology`; without one, the page of coral itself.
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub command: Vec<String>,
    /// Write the pages of all commands to this directory, instead of printing one.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl CompletionsArgs {
    /// The script for the shell.
    ///
    /// # Errors
    /// A sentence, when the script is not text.
    pub fn script(&self) -> Result<String, String> {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut help::command(), "coral", &mut script);
        String::from_utf8(script).map_err(|error| error.to_string())
    }
}

impl ManArgs {
    /// The page in the language of `man`; empty when pages were written to a directory.
    ///
    /// # Errors
    /// A sentence: there is no such command, or the directory cannot be written.
    pub fn page(&self) -> Result<String, String> {
        let mut root = help::command();
        root.build();
        if let Some(dir) = &self.dir {
            let failed =
                |error| format!("cannot write manual pages to `{}`: {error}", dir.display());
            std::fs::create_dir_all(dir).map_err(failed)?;
            clap_mangen::generate_to(root, dir).map_err(failed)?;
            return Ok(String::new());
        }
        let command = self.command.iter().try_fold(&root, |command: &Command, name| {
            command
                .find_subcommand(name)
                .ok_or_else(|| format!("`coral {}` is not a command", self.command.join(" ")))
        })?;
        let mut page = Vec::new();
        let man = clap_mangen::Man::new(command.clone());
        man.render(&mut page).map_err(|error| error.to_string())?;
        String::from_utf8(page).map_err(|error| error.to_string())
    }
}
