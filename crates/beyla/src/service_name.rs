//! Names for services that have none: what a process says about itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use procfs::process::Process;

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
/// Names that many scripts have: the name of their directory says more.
const COMMON: [&str; 16] = [
    "__main__",
    "app",
    "cli",
    "dist",
    "gunicorn",
    "index",
    "main",
    "manage",
    "run",
    "runserver",
    "server",
    "src",
    "start",
    "uvicorn",
    "worker",
    "wsgi",
];
/// The longest name, in characters.
const MAX_CHARS: usize = 64;

impl ServiceName {
    /// What `process`, which runs `program`, says about its name.
    pub(super) fn of(process: &Process, program: &Path) -> Self {
        let variables = process.environ().unwrap_or_default();
        let variable = variables.get(OsStr::new("OTEL_SERVICE_NAME"));
        let groups = process.cgroups().map(|groups| groups.0).unwrap_or_default();
        let unit = groups.iter().find_map(|group| unit(&group.pathname));
        let arguments = process.cmdline().unwrap_or_default();
        let dir = process.cwd().unwrap_or_default();
        Self {
            variable: variable.and_then(|name| plain(&name.to_string_lossy())),
            unit,
            script: script(program, &arguments, &dir),
            program: plain(&stem(program)).unwrap_or_else(|| "service".to_owned()),
        }
    }

    /// A name for each of `all`, in their order. No two are equal: names that several would have
    /// end with the port.
    pub(super) fn distinct(all: &[(&Self, u16)]) -> Vec<String> {
        let mut in_unit: BTreeMap<&str, u32> = BTreeMap::new();
        for unit in all.iter().filter_map(|(name, _)| name.unit.as_deref()) {
            *in_unit.entry(unit).or_default() += 1;
        }
        // A unit with several services is a supervisor, whose name says nothing.
        let unit = |name: &Self| name.unit.clone().filter(|unit| in_unit[&**unit] == 1);
        let best = |name: &Self| {
            let named =
                name.variable.clone().or_else(|| unit(name)).or_else(|| name.script.clone());
            named.unwrap_or_else(|| name.program.clone())
        };
        let names: Vec<String> = all.iter().map(|(name, _)| best(name)).collect();
        let is_shared = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let with_port = names.iter().zip(all).map(|(name, (_, port))| match is_shared(name) {
            true => format!("{name}-{port}"),
            false => name.clone(),
        });
        with_port.collect()
    }
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
    let path = dir.join(script_argument(arguments.get(1..)?)?);
    let mut parts = path.ancestors().filter_map(|part| plain(&stem(part)));
    parts.find(|part| !COMMON.contains(&part.as_str()))
}

/// The first argument that is no option and no value of an option.
fn script_argument(arguments: &[String]) -> Option<&str> {
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            // A module of Python, or an archive of Java.
            "-m" | "-jar" => return rest.next(),
            // Code that is no file.
            "-c" | "-e" => return None,
            "-cp" | "-classpath" | "--class-path" => drop(rest.next()),
            option if option.starts_with('-') => {}
            script => return Some(script),
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
            ("/usr/bin/python3 /usr/bin/gunicorn app:app", Some("bin")),
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
        ];
        let with_ports: Vec<_> = all.iter().zip([1_u16, 2, 3, 4, 5]).collect();
        let names = ServiceName::distinct(&with_ports);
        assert_eq!(names, ["cart", "orders", "billing", "node-4", "node-5"]);
    }
}
