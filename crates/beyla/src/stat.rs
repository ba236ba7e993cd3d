//! What the kernel says of a process in `/proc/PID/stat`.

/// The fields of `/proc/PID/stat` that Coral uses. Source: proc_pid_stat(5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    /// Whether the leader, the first thread of the process, has ended. Other threads may live on:
    /// while the kernel detaches the probes of Beyla, one does for up to two minutes.
    pub is_zombie: bool,
    /// The id of the process group.
    pub group: i32,
    /// Start time, in clock ticks since the boot.
    pub started: u64,
    /// How the process ended, in the form of wait(2). 0 also if this process may not know.
    pub wait_status: i32,
}

impl Stat {
    /// Reads the fields of process `pid`; `None` if there is no such process.
    pub fn of(pid: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(line: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, which may contain any character.
        let fields: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
        Some(Self {
            is_zombie: *fields.first()? == "Z",
            group: fields.get(2)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            wait_status: fields.get(49).and_then(|field| field.parse().ok()).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_does_not_shift_the_fields() {
        let numbers = (7..=51).map(|field| format!("{field} ")).collect::<String>();
        let line = format!("12 (a ) Z 1) b) Z 1 12 12 0 -1 {}255\n", &numbers["7 8 ".len()..]);
        let stat = Stat::parse(&line).unwrap();
        assert!(stat.is_zombie);
        assert_eq!((stat.group, stat.started, stat.wait_status), (12, 22, 255));
        assert_eq!(Stat::parse("12 (sh) S 1"), None);
    }

    #[test]
    fn this_process_is_no_zombie() {
        let own = Stat::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(!own.is_zombie && own.started > 0);
    }
}
