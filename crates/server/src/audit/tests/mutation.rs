//! Every change of a log is found.

use super::*;

/// One change of a log by somebody who can write its files. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Mutation {
    ChangeByte { file: usize, at: usize, by: u8 },
    ChangeSignature { file: usize, at: usize, by: u8 },
    ChangeHead { at: usize, by: u8 },
    Delete { line: usize },
    Duplicate { line: usize, to: usize },
    Swap { one: usize, other: usize },
    Insert { line: usize },
    TruncateFile { file: usize, lines: usize },
    DeleteFile { file: usize },
    DeleteSignature { file: usize },
    DeleteHead,
    DeleteLast { lines: usize },
    SwapFiles { one: usize, other: usize },
}

fn a_mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    let n = any::<usize>;
    let by = 1..=u8::MAX;
    prop_oneof![
        8 => (n(), n(), by.clone()).prop_map(|(file, at, by)| ChangeByte { file, at, by }),
        2 => (n(), n(), by.clone()).prop_map(|(file, at, by)| ChangeSignature { file, at, by }),
        1 => (n(), by).prop_map(|(at, by)| ChangeHead { at, by }),
        3 => n().prop_map(|line| Delete { line }),
        1 => (n(), n()).prop_map(|(line, to)| Duplicate { line, to }),
        2 => (n(), n()).prop_map(|(one, other)| Swap { one, other }),
        1 => n().prop_map(|line| Insert { line }),
        2 => (n(), n()).prop_map(|(file, lines)| TruncateFile { file, lines }),
        2 => n().prop_map(|file| DeleteFile { file }),
        1 => n().prop_map(|file| DeleteSignature { file }),
        1 => Just(DeleteHead),
        2 => n().prop_map(|lines| DeleteLast { lines }),
        1 => (n(), n()).prop_map(|(one, other)| SwapFiles { one, other }),
    ]
}

fn change_byte(path: &Path, at: usize, by: u8) {
    let mut bytes = fs::read(path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= by;
    fs::write(path, bytes).unwrap();
}

/// The lines of a file with their line ends.
fn raw_lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// The files as lists of lines, changed by `change`, which has all lines in one list.
fn change_lines(dir: &Path, change: impl FnOnce(&mut Vec<(usize, String)>)) {
    let files = files(dir).unwrap();
    let mut lines = Vec::new();
    for (at, file) in files.iter().enumerate() {
        lines.extend(raw_lines(&file.path).into_iter().map(|line| (at, line)));
    }
    change(&mut lines);
    for (at, file) in files.iter().enumerate() {
        let of_file = lines.iter().filter(|(of, _)| *of == at);
        fs::write(&file.path, of_file.map(|(_, line)| line.as_str()).collect::<String>()).unwrap();
    }
}

impl Mutation {
    /// Applies the mutation. Returns whether it changes anything.
    fn apply(self, dir: &Path) -> bool {
        let files = files(dir).unwrap();
        let of = |file: usize| &files[file % files.len()];
        // Every file but the newest has a signature.
        let signed = |file: usize| files[file % (files.len() - 1)].signature();
        match self {
            Self::ChangeByte { file, at, by } => change_byte(&of(file).path, at, by),
            Self::ChangeSignature { file, at, by } => change_byte(&signed(file), at, by),
            Self::ChangeHead { at, by } => change_byte(&dir.join("head"), at, by),
            Self::Delete { line } => change_lines(dir, |lines| {
                lines.remove(line % lines.len());
            }),
            Self::Duplicate { line, to } => change_lines(dir, |lines| {
                let copy = lines[line % lines.len()].clone();
                lines.insert(to % (lines.len() + 1), copy);
            }),
            Self::Swap { one, other } => {
                let count = lines_of(dir).len();
                if one % count == other % count {
                    return false;
                }
                change_lines(dir, |lines| {
                    let (one, other) = (one % count, other % count);
                    let text = lines[one].1.clone();
                    lines[one].1 = std::mem::replace(&mut lines[other].1, text);
                });
            }
            Self::Insert { line } => change_lines(dir, |lines| {
                let at = line % lines.len();
                let (file, copy) = lines[at].clone();
                lines.insert(at, (file, copy.replace("allowed", "denied").replace("seq", "sep")));
            }),
            Self::TruncateFile { file, lines } => {
                let all = raw_lines(&of(file).path);
                fs::write(&of(file).path, all[..lines % all.len()].concat()).unwrap();
            }
            Self::DeleteFile { file } => fs::remove_file(&of(file).path).unwrap(),
            Self::DeleteSignature { file } => fs::remove_file(signed(file)).unwrap(),
            Self::DeleteHead => fs::remove_file(dir.join("head")).unwrap(),
            Self::DeleteLast { lines } => change_lines(dir, |all| {
                let kept = all.len() - 1 - lines % all.len();
                all.truncate(kept);
            }),
            Self::SwapFiles { one, other } => {
                let (one, other) = (of(one), of(other));
                if one == other {
                    return false;
                }
                let bytes = [one, other].map(|file| fs::read(&file.path).unwrap());
                fs::write(&one.path, &bytes[1]).unwrap();
                fs::write(&other.path, &bytes[0]).unwrap();
            }
        }
        true
    }
}

/// What the log says when it is verified after the process opened it again.
fn damage_after_reopening(dir: &Path) -> Vec<String> {
    let log = open(dir);
    log.append(&record(1_000)).unwrap();
    drop(log);
    damage(dir)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_change_of_a_log_is_found(
        questions in 12_u64..40,
        mutation in a_mutation(),
        // Somebody may change the log while the process is stopped, and start it.
        is_reopened in any::<bool>(),
    ) {
        let dir = log_of(questions);
        prop_assert!(files(dir.path()).unwrap().len() > 1);
        prop_assert_eq!(damage(dir.path()), Vec::<String>::new());
        if mutation.clone().apply(dir.path()) {
            prop_assert!(!damage(dir.path()).is_empty(), "{:?}", mutation);
            if is_reopened {
                prop_assert!(!damage_after_reopening(dir.path()).is_empty(), "{:?}", mutation);
            }
        }
    }
}

#[test]
fn each_kind_of_change_is_named_with_its_place() {
    let lines = |change: fn(&mut Vec<(usize, String)>)| {
        let dir = log_of(12);
        change_lines(dir.path(), change);
        damage(dir.path()).remove(0)
    };
    let file = "audit-000000000001.jsonl";
    assert_eq!(
        lines(|lines| {
            lines.remove(2);
        }),
        format!("{file}, line 3: the line has the number 4 in the place of 3: line 3 is missing"),
    );
    assert_eq!(
        lines(|lines| lines.insert(3, lines[2].clone())),
        format!(
            "{file}, line 4: the line has the number 3 in the place of 4: a line was inserted, \
             repeated or moved"
        ),
    );
    assert_eq!(
        lines(|lines| lines[1].1 = lines[1].1.replace("ada", "bob")),
        format!(
            "{file}, line 3: the line does not follow the line before: one of the two was \
             changed, or lines between them were removed, inserted or moved"
        ),
    );
    assert_eq!(
        lines(|lines| lines.truncate(lines.len() - 2)),
        "head: the log ended with line 15: lines 14 to 15 are missing at its end",
    );
}
