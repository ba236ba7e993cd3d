//! How many runs showed the fault, and how long the first screen took.

use serde::Serialize;

use super::check;
use super::session::Session;
use crate::Failure;
use crate::figures::Figures;
use crate::table::Table;

/// What the four commands of a run showed.
pub struct Checked {
    /// The name of the fault.
    pub fault: String,
    /// From the start of the process to its first screen, in seconds.
    first_screen: f64,
    /// For each command: what its output lacks.
    shown: [Result<(), String>; 4],
    /// What was wrong when the demo was stopped.
    stopped: Result<(), String>,
}

/// The commands, by what they show.
const COMMANDS: [&str; 4] = ["services", "why", "trace", "map"];
/// The longest first screen that is good, in seconds.
const FIRST_SCREEN_BAR: f64 = 5.0;

impl Checked {
    /// Checks the outputs of a run with `fault`.
    pub fn new(fault: &str, session: &Session) -> Self {
        let (story, failed) = (&session.story, Err("there is no such command".to_owned()));
        let page = |at: usize| match session.answers.get(at) {
            Some(answer) => answer.output.as_deref().map_err(String::clone),
            None => failed.clone(),
        };
        let services = page(0).unwrap_or_default();
        let shown = [
            page(0).and_then(|page| check::services(page, story)),
            page(1).and_then(|page| check::why(page, story)),
            page(2).and_then(|page| check::trace(page, story, services)),
            page(3).and_then(|page| check::map(page, story)),
        ];
        Self {
            fault: fault.to_owned(),
            first_screen: session.first_screen.as_secs_f64(),
            shown,
            stopped: session.stopped.clone(),
        }
    }

    /// For each command: what its output lacks.
    pub fn verdicts(&self) -> &[Result<(), String>; 4] {
        &self.shown
    }

    /// One line: the first screen, and what is wrong.
    pub fn summary(&self) -> String {
        let commands = COMMANDS.iter().zip(&self.shown);
        let all = commands.chain([(&"stop", &self.stopped)]);
        let wrong =
            all.filter_map(|(name, shown)| Some(format!("{name}: {}", shown.as_ref().err()?)));
        let wrong: Vec<String> = wrong.collect();
        let wrong = if wrong.is_empty() { "all right".to_owned() } else { wrong.join("; ") };
        format!("first screen after {:.1} s, {wrong}", self.first_screen)
    }
}

/// All runs.
#[derive(Default)]
pub struct Scores(Vec<FaultScore>);

/// The runs with one fault.
#[derive(Clone, Default, Serialize)]
struct FaultScore {
    fault: String,
    /// How many runs each command showed the fault in.
    shown: [usize; 4],
    /// In how many runs the demo ended with exit code 0, and left no files.
    stopped: usize,
    /// The seconds to the first screen of each run, shortest first.
    first_screens: Vec<f64>,
}

impl FaultScore {
    fn runs(&self) -> usize {
        self.first_screens.len()
    }

    fn longest(&self) -> f64 {
        self.first_screens.last().copied().unwrap_or_default()
    }

    fn is_met(&self) -> bool {
        self.shown.iter().chain([&self.stopped]).all(|count| *count == self.runs())
            && self.longest() <= FIRST_SCREEN_BAR
    }
}

impl Scores {
    /// Adds a run.
    pub fn add(&mut self, run: Checked) {
        let at = self.0.iter().position(|score| score.fault == run.fault);
        let at = at.unwrap_or_else(|| {
            self.0.push(FaultScore { fault: run.fault.clone(), ..FaultScore::default() });
            self.0.len() - 1
        });
        let score = &mut self.0[at];
        for (count, shown) in score.shown.iter_mut().zip(&run.shown) {
            *count += usize::from(shown.is_ok());
        }
        score.stopped += usize::from(run.stopped.is_ok());
        score.first_screens.push(run.first_screen);
        score.first_screens.sort_by(f64::total_cmp);
    }

    /// One row for each fault: in how many runs each command showed the fault.
    pub fn table(&self) -> Table {
        let mut headings = vec!["fault", "runs"];
        headings.extend(COMMANDS);
        headings.extend(["stopped cleanly", "first screen P50", "max", "met?"]);
        let mut table = Table::new(&headings);
        for score in &self.0 {
            let mut row = vec![score.fault.clone(), score.runs().to_string()];
            row.extend(score.shown.iter().chain([&score.stopped]).map(ToString::to_string));
            row.extend(
                [median(&score.first_screens), score.longest()].map(|s| format!("{s:.1} s")),
            );
            row.push(if score.is_met() { "yes" } else { "NO" }.to_owned());
            table.row(&row);
        }
        table
    }

    /// The figures of all faults together, with their bars.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        let runs: usize = self.0.iter().map(FaultScore::runs).sum();
        let mut part = |what: String, right: usize| {
            let percent = 100.0 * right as f64 / runs.max(1) as f64;
            figures.at_least(what, percent, "%", 100.0);
        };
        for (at, name) in COMMANDS.iter().enumerate() {
            let right = self.0.iter().map(|score| score.shown[at]).sum();
            part(format!("{name} shows the fault, {runs} runs"), right);
        }
        part(format!("stopped cleanly, {runs} runs"), self.0.iter().map(|of| of.stopped).sum());
        let mut all: Vec<f64> = self.0.iter().flat_map(|of| of.first_screens.clone()).collect();
        all.sort_by(f64::total_cmp);
        figures.add("first screen, P50", median(&all), "s");
        let longest = all.last().copied().unwrap_or_default();
        figures.at_most("first screen, longest", longest, "s", FIRST_SCREEN_BAR);
        figures
    }

    /// Checks every bar.
    ///
    /// # Errors
    /// The error names the first fault that missed a bar.
    pub fn met(&self) -> Result<(), Failure> {
        match self.0.iter().find(|score| !score.is_met()) {
            None => Ok(()),
            Some(score) => Err(format!("`{}` missed a bar", score.fault).into()),
        }
    }
}

/// The median of sorted numbers; 0 without any.
fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first_screen: f64, why: Result<(), String>) -> Checked {
        let shown = [Ok(()), why, Ok(()), Ok(())];
        Checked { fault: "slow-query".to_owned(), first_screen, shown, stopped: Ok(()) }
    }

    #[test]
    fn one_wrong_output_or_one_late_screen_misses_the_bar() {
        let scores = |runs: Vec<Checked>| {
            let mut scores = Scores::default();
            runs.into_iter().for_each(|run| scores.add(run));
            scores
        };
        let good = scores(vec![run(2.0, Ok(())), run(1.0, Ok(()))]);
        assert!(good.met().is_ok() && good.figures().unmet().is_none());
        let wrong = scores(vec![run(2.0, Ok(())), run(1.0, Err("no cause".to_owned()))]);
        assert!(wrong.met().is_err() && wrong.figures().unmet().is_some());
        let late = scores(vec![run(5.5, Ok(())), run(1.0, Ok(()))]);
        assert!(late.met().is_err() && late.figures().unmet().is_some());
        assert!(late.table().to_string().contains("| 5.5 s"), "{}", late.table());
    }
}
