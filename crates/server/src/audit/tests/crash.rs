//! What a crash leaves behind.

use super::*;

/// A copy of `dir`, whose newest file has its first `len` bytes and whose head is `head`.
fn crashed(dir: &Path, len: usize, head: &[u8]) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let newest = files(copy.path()).unwrap().pop().unwrap();
    let bytes = fs::read(&newest.path).unwrap();
    fs::write(&newest.path, &bytes[..len]).unwrap();
    fs::write(copy.path().join("head"), head).unwrap();
    copy
}

/// The head after each line of the newest file, with the size that the file then had.
fn heads(dir: &Path) -> Vec<(usize, Vec<u8>)> {
    let newest = files(dir).unwrap().pop().unwrap();
    let text = fs::read_to_string(&newest.path).unwrap();
    let mut len = 0;
    let lines = text.split_inclusive('\n').zip(newest.first..);
    lines
        .map(|(line, seq)| {
            len += line.len();
            let hash = LineHash::of(line.trim_end().as_bytes());
            (len, format!("{seq:020} {hash}\n").repeat(2).into_bytes())
        })
        .collect()
}

#[test]
fn a_crash_in_the_middle_of_a_line_loses_that_line_only_and_says_so() {
    let dir = log_of(9);
    let heads = heads(dir.path());
    let (before, head) = &heads[heads.len() - 2];
    let (whole, _) = heads[heads.len() - 1];
    for len in [*before, before + 1, before + 80, whole - 1] {
        let copy = crashed(dir.path(), len, head);
        let torn = len - before;
        let expected = format!(
            "the last {torn} bytes are no whole line: the line is being written, or a crash tore \
             it and the next start moves it aside"
        );
        let found = notes(copy.path());
        assert_eq!(
            found.iter().filter(|note| note.contains(&expected)).count(),
            usize::from(torn > 0)
        );
        assert_eq!(damage(copy.path()), Vec::<String>::new());
        open(copy.path()).append(&record(9)).unwrap();
        assert_eq!(damage(copy.path()), Vec::<String>::new());
        let moved = format!("{torn} bytes of a torn line were moved aside at 2026-11-25T12:00:00");
        let found = notes(copy.path());
        assert_eq!(
            found.iter().filter(|note| note.contains(&moved)).count(),
            usize::from(torn > 0)
        );
    }
}

#[test]
fn a_crash_between_a_line_and_its_head_loses_nothing() {
    let dir = log_of(9);
    let heads = heads(dir.path());
    let (_, head) = &heads[heads.len() - 2];
    let (whole, _) = heads[heads.len() - 1];
    let copy = crashed(dir.path(), whole, head);
    assert_eq!(damage(copy.path()), Vec::<String>::new());
    open(copy.path()).append(&record(9)).unwrap();
    let found = check(copy.path());
    assert_eq!((found.damage, found.notes, found.questions), (vec![], vec![], 10));
}

#[test]
fn a_power_failure_that_loses_lines_is_named_and_the_log_goes_on() {
    let dir = log_of(11);
    let heads = heads(dir.path());
    let (len, _) = heads[heads.len() - 3];
    let (_, head) = &heads[heads.len() - 1];
    let copy = crashed(dir.path(), len, head);
    let last: u64 = String::from_utf8_lossy(&head[..20]).parse().unwrap();
    let lost = format!("lines {} to {last}", last - 1);
    let expected = format!("head: the log ended with line {last}: {lost} are missing at its end");
    assert_eq!(damage(copy.path()), [expected]);
    for _ in 0..2 {
        open(copy.path()).append(&record(9)).unwrap();
        let found = damage(copy.path());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(&format!("{lost} are missing")), "{found:?}");
        let expected = format!(
            "lines at the end were lost ({lost}) when the log was opened at \
             2026-11-25T12:00:00.000000Z"
        );
        assert!(found[1].ends_with(&expected), "{found:?}");
    }
}

#[test]
fn a_crash_in_the_middle_of_a_rotation_loses_nothing() {
    // The file has its signature, and the next file does not exist.
    let dir = log_of(9);
    let newest = files(dir.path()).unwrap().pop().unwrap();
    let last = files(dir.path()).unwrap().len() - 1;
    let finished = || files(dir.path()).unwrap()[last - 1].clone();
    fs::remove_file(&newest.path).unwrap();
    let end = fs::read_to_string(&finished().path).unwrap();
    let line = end.lines().last().unwrap();
    let seq = newest.first - 1;
    let head = format!("{seq:020} {}\n", LineHash::of(line.as_bytes())).repeat(2);
    fs::write(dir.path().join("head"), &head).unwrap();
    assert_eq!(damage(dir.path()), Vec::<String>::new());
    // The next file exists and is empty.
    fs::write(&newest.path, "").unwrap();
    assert_eq!(damage(dir.path()), Vec::<String>::new());
    open(dir.path()).append(&record(10)).unwrap();
    assert_eq!((damage(dir.path()), notes(dir.path())), (vec![], vec![]));
    // The next file does not exist, and the log is opened.
    fs::remove_file(&newest.path).unwrap();
    fs::write(dir.path().join("head"), &head).unwrap();
    open(dir.path()).append(&record(10)).unwrap();
    assert_eq!((damage(dir.path()), notes(dir.path())), (vec![], vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_cut_at_any_byte_verifies_or_names_what_is_lost_and_goes_on(
        questions in 2_u64..12,
        cut in any::<prop::sample::Index>(),
        head in any::<prop::sample::Index>(),
    ) {
        let dir = log_of(questions);
        let heads = heads(dir.path());
        let newest = files(dir.path()).unwrap().pop().unwrap();
        let len = cut.index(fs::metadata(&newest.path).unwrap().len() as usize + 1);
        let at = head.index(heads.len());
        let (covered, head) = &heads[at];
        let copy = crashed(dir.path(), len, head);
        let is_lost = len < *covered;
        prop_assert_eq!(!damage(copy.path()).is_empty(), is_lost, "{:?}", damage(copy.path()));
        let whole = heads.iter().rev().map(|(end, _)| *end).find(|end| *end <= len).unwrap_or(0);
        prop_assert_eq!(!notes(copy.path()).is_empty(), len > whole);
        for number in 0..3 {
            open(copy.path()).append(&record(20 + number)).unwrap();
            prop_assert_eq!(!damage(copy.path()).is_empty(), is_lost, "{:?}", damage(copy.path()));
        }
        let torn = newest.torn();
        let torn = copy.path().join(torn.file_name().unwrap());
        let moved = fs::read(torn).unwrap_or_default();
        let bytes = fs::read(&newest.path).unwrap();
        prop_assert_eq!(moved, &bytes[whole..len]);
    }
}
