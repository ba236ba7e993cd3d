//! What the host lacks according to Beyla's log.

use tracing::Level;

use super::log_line::LogLine;

/// A requirement of Beyla that the host does not meet, according to a line of Beyla's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// The kernel misreports FIONREAD for sockets that Beyla watches.
    Fionread,
    /// The limit of locked memory is too low.
    Memlock,
    /// Tracefs is not mounted, or cannot be used.
    Tracefs,
    /// Capabilities are missing.
    Capabilities,
}

impl Lack {
    /// All kinds, in the order in which they are looked for in a line.
    pub const ALL: [Self; 4] = [Self::Fionread, Self::Memlock, Self::Tracefs, Self::Capabilities];

    /// What a WARN or ERROR line says that the host lacks. Lines of other levels also name what
    /// works, such as "FIONREAD compensation verified".
    ///
    /// Source: messages of Beyla, OBI and cilium/ebpf.
    pub fn of(line: &LogLine) -> Option<Self> {
        if !matches!(line.level, Some(Level::WARN | Level::ERROR)) {
            return None;
        }
        let text = format!("{} {}", line.message, line.rest()).to_lowercase();
        Self::ALL.into_iter().find(|lack| lack.words().iter().any(|word| text.contains(word)))
    }

    /// The name of the kind, for the names of counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fionread => "fionread",
            Self::Memlock => "memlock",
            Self::Tracefs => "tracefs",
            Self::Capabilities => "capabilities",
        }
    }

    /// What to do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Fionread => {
                "programs may stall while context is propagated; update the kernel, or set \
                 beyla.context_propagation to disabled"
            }
            Self::Memlock => "before Linux 5.11, set LimitMEMLOCK=infinity for the agent",
            Self::Tracefs => "mount tracefs at /sys/kernel/tracing",
            Self::Capabilities => "`coral beyla doctor` names what each missing one costs",
        }
    }

    /// Words of the lines, in lower case.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Fionread => &["fionread"],
            Self::Memlock => &["memlock", "memory lock"],
            Self::Tracefs => &["tracefs", "/sys/kernel/tracing", "/sys/kernel/debug/tracing"],
            Self::Capabilities => &["capabilities", "cap_"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_errors_say_what_the_host_lacks_and_other_lines_do_not() {
        for (line, lack) in [
            (
                r#"level=WARN msg="Required system capabilities not present, Beyla may malfunction" error="the following capabilities are required: CAP_BPF""#,
                Some(Lack::Capabilities),
            ),
            (
                r#"level=ERROR msg="can't start" error="removing memory lock: failed to set memlock rlimit: operation not permitted""#,
                Some(Lack::Memlock),
            ),
            (
                r#"level=ERROR msg="attaching tracepoint" error="neither debugfs nor tracefs are mounted""#,
                Some(Lack::Tracefs),
            ),
            (
                r#"level=ERROR msg="context propagation is disabled: no tracefs. This kernel misreports ioctl(FIONREAD) for sockets in a sockhash""#,
                Some(Lack::Fionread),
            ),
            (r#"level=INFO msg="FIONREAD compensation verified""#, None),
            (r#"level=WARN msg="something else""#, None),
            ("R1 type=ctx expected=fp, capabilities", None),
        ] {
            assert_eq!(Lack::of(&LogLine::parse(line)), lack, "{line}");
        }
    }
}
