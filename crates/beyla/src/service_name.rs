//! Names for services that have none: what a process says about itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use procfs::process::Process;
use serde_json::json;

use coral_config::beyla::services;

/// What a process says about the name of its service, from the best to the worst.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceName {
    /// The variable `OTEL_SERVICE_NAME` of the process, which Beyla uses too.
    pub variable: Option<String>,
    /// The unit of systemd that the process belongs to, such as `payments-api`.
    pub unit: Option<String>,
    /// The script that an interpreter runs, or its directory.
    pub script: Option<String>,
    /// The file name of the program.
    pub program: String,
}

/// Programs that run the programs of others: a service is not named after them.
const INTERPRETERS: [&str; 10] =
    ["python", "node", "ruby", "java", "php", "perl", "dotnet", "bun", "deno", "gunicorn"];
/// Names that many scripts and directories have: the name of another directory says more.
const COMMON: [&str; 23] = [
    "__main__",
    "app",
    "bin",
    "cli",
    "dist",
    "gunicorn",
    "home",
    "index",
    "local",
    "main",
    "manage",
    "opt",
    "run",
    "runserver",
    "server",
    "src",
    "srv",
    "start",
    "usr",
    "uvicorn",
    "venv",
    "worker",
    "wsgi",
];
/// Options of interpreters that have a value, which is no script.
const WITH_VALUE: [&str; 12] = [
    "-cp",
    "-classpath",
    "--class-path",
    "-r",
    "--require",
    "--import",
    "--loader",
    "-W",
    "-X",
    "-I",
    "-S",
    "-t",
];
/// The longest name, in characters.
const MAX_CHARS: usize = 64;

impl ServiceName {
    /// What `process`, which runs `program`, says about its name.
    pub(super) fn of(process: &Process, program: &Path) -> Self {
        let variables = process.environ().unwrap_or_default();
        let variable = variables.get(OsStr::new("OTEL_SERVICE_NAME"));
        // The name is kept as it is, because Beyla uses it too.
        let variable = variable.map(|name| name.to_string_lossy().into_owned());
        let groups = process.cgroups().map(|groups| groups.0).unwrap_or_default();
        let unit = groups.iter().find_map(|group| unit(&group.pathname));
        let arguments = process.cmdline().unwrap_or_default();
        let dir = process.cwd().unwrap_or_default();
        Self {
            variable: variable.filter(|name| can_be_connected(name)),
            unit,
            script: script(program, &arguments, &dir),
            program: plain(&stem(program)).unwrap_or_else(|| "service".to_owned()),
        }
    }

    /// A name for each of `all`, which listens on this port and has this process id, in their order.
    /// No two are equal: names that several would have end with the port, or with the process id.
    pub(super) fn distinct(all: &[(&Self, u16, u32)]) -> Vec<String> {
        let mut in_unit: BTreeMap<&str, u32> = BTreeMap::new();
        for unit in all.iter().filter_map(|(name, ..)| name.unit.as_deref()) {
            *in_unit.entry(unit).or_default() += 1;
        }
        // A unit with several services is a supervisor, whose name says nothing.
        let unit = |name: &Self| name.unit.clone().filter(|unit| in_unit[&**unit] == 1);
        let best = |name: &Self| {
            let named =
                name.variable.clone().or_else(|| unit(name)).or_else(|| name.script.clone());
            named.unwrap_or_else(|| name.program.clone())
        };
        let names: Vec<String> = all.iter().map(|(name, ..)| best(name)).collect();
        let names = with_suffixes(names, all.iter().map(|(_, port, _)| u32::from(*port)));
        with_suffixes(names, all.iter().map(|(.., pid)| *pid))
    }
}

/// `names`, where those that are not the only ones end with their suffix.
fn with_suffixes(names: Vec<String>, suffixes: impl Iterator<Item = u32>) -> Vec<String> {
    let mut uses: BTreeMap<&str, u32> = BTreeMap::new();
    for name in &names {
        *uses.entry(name).or_default() += 1;
    }
    let suffixed = names.iter().zip(suffixes).map(|(name, suffix)| match uses[&**name] {
        1 => name.clone(),
        _ => format!("{name}-{suffix}"),
    });
    suffixed.collect()
}

/// Whether `coral connect` takes `name`.
fn can_be_connected(name: &str) -> bool {
    services(&json!([{"name": name, "open_port": 1}])).is_ok()
}

/// The service in a path of a control group: `payments-api` of `/system.slice/payments-api.service`.
/// Units of users and of logins are none.
fn unit(group: &str) -> Option<String> {
    let last = group.rsplit('/').next()?.strip_suffix(".service")?;
    let name = last.split('@').next().filter(|name| !name.is_empty() && *name != "user")?;
    plain(name)
}

/// The name of the script that the interpreter `program` runs with `arguments` in `dir`; `None` for
/// another program, and for an interpreter without a script.
fn script(program: &Path, arguments: &[String], dir: &Path) -> Option<String> {
    let program = stem(program);
    INTERPRETERS.iter().find(|interpreter| program.starts_with(**interpreter))?;
    let by_directory = || {
        let mut parts = dir.ancestors().filter_map(|part| plain(&stem(part)));
        parts.find(|part| !COMMON.contains(&&**part))
    };
    match entry(arguments.get(1..)?)? {
        Entry::Module(module) => {
            let name = plain(module).filter(|name| !COMMON.contains(&&**name));
            name.or_else(by_directory)
        }
        // A server such as gunicorn runs an application of the working directory.
        Entry::File(file) if is_tool(Path::new(file)) => by_directory(),
        Entry::File(file) => {
            let path = dir.join(file);
            let mut parts = path.ancestors().filter_map(|part| plain(&stem(part)));
            parts.find(|part| !COMMON.contains(&&**part))
        }
    }
}

/// Whether `script` is a tool that was installed, with a name that many services have.
fn is_tool(script: &Path) -> bool {
    let dir = script.parent().and_then(Path::file_name);
    dir.is_some_and(|dir| dir == "bin") && COMMON.contains(&&*stem(script))
}

/// What an interpreter runs.
enum Entry<'a> {
    Module(&'a str),
    File(&'a str),
}

/// What an interpreter with these arguments runs: the first that is no option and no value of one.
fn entry(arguments: &[String]) -> Option<Entry<'_>> {
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            "-m" => return rest.next().map(Entry::Module),
            "-jar" => return rest.next().map(Entry::File),
            // Code that is no file.
            "-c" | "-e" => return None,
            option if WITH_VALUE.contains(&option) => drop(rest.next()),
            option if option.starts_with('-') => {}
            script => return Some(Entry::File(script)),
        }
    }
    None
}

/// `text` as a name of a service: at most [`MAX_CHARS`] letters, digits, dots, underscores and
/// dashes; `None` if nothing is left.
fn plain(text: &str) -> Option<String> {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = text.chars().filter(allowed).take(MAX_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script_of(command: &str) -> Option<String> {
        let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
        script(Path::new(&arguments[0]), &arguments, Path::new("/srv/payments-api"))
    }

    #[test]
    fn a_script_or_its_directory_names_the_service_of_an_interpreter() {
        for (command, name) in [
            ("/usr/bin/python3.11 -u checkout.py --port 80", Some("checkout")),
            ("/usr/bin/python3 -m orders", Some("orders")),
            ("/usr/bin/node --max-old-space-size=512 server.js", Some("payments-api")),
            ("/usr/bin/node /opt/cart/dist/index.js", Some("cart")),
            ("/usr/bin/java -cp lib -Xmx1g -jar /opt/ledger-1.2.jar", Some("ledger-1.2")),
            ("/usr/bin/python3 /usr/bin/gunicorn app:app", Some("payments-api")),
            ("/opt/venv/bin/python3 /opt/venv/bin/uvicorn main:app", Some("payments-api")),
            ("/usr/bin/python3 -m uvicorn main:app", Some("payments-api")),
            ("/usr/bin/python3 -W ignore -m http.server", Some("http.server")),
            ("/usr/bin/node -r tracing.js cart.js", Some("cart")),
            ("/usr/bin/php -S 0.0.0.0:8000", None),
            ("/usr/bin/python3 -c code", None),
            ("/usr/bin/node", None),
            ("/usr/bin/nginx -g daemon", None),
        ] {
            assert_eq!(script_of(command).as_deref(), name, "{command}");
        }
    }

    #[test]
    fn a_unit_of_systemd_is_named_by_its_last_part_without_its_instance() {
        assert_eq!(unit("/system.slice/payments-api.service").as_deref(), Some("payments-api"));
        assert_eq!(unit("/system.slice/web@2.service").as_deref(), Some("web"));
        for none in ["/", "/user.slice/user-1.slice/user@1.service", "/system.slice/docker-1.scope"]
        {
            assert_eq!(unit(none), None, "{none}");
        }
    }

    #[test]
    fn services_have_distinct_names_and_a_unit_of_several_services_names_none() {
        let name = |variable: &str, unit: &str, script: &str| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            ServiceName {
                variable: given(variable),
                unit: given(unit),
                script: given(script),
                program: "node".to_owned(),
            }
        };
        let all = [
            name("cart", "pm2", "index"),
            name("", "pm2", "orders"),
            name("", "billing", "x"),
            name("", "", ""),
            name("", "", ""),
            name("", "", ""),
        ];
        let listening = all.iter().zip([(1, 10), (2, 11), (3, 12), (4, 13), (5, 14), (5, 15)]);
        let listening: Vec<_> = listening.map(|(name, (port, pid))| (name, port, pid)).collect();
        let names = ServiceName::distinct(&listening);
        assert_eq!(names, ["cart", "orders", "billing", "node-4", "node-5-14", "node-5-15"]);
    }
}
